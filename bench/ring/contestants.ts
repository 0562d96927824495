/**
 * All contestants.
 *
 * @module
 */
import { printError } from "../../tools/print.ts";
import { Missing } from "../harness/machine.ts";
import type { Contestant } from "./contestant.ts";
import { OWN } from "./own.ts";
import { loadPackages } from "./packages.ts";
import { peersOf } from "./peers.ts";

/** Numbers of members that everything is measured with. */
export const COUNTS: readonly number[] = [3, 10, 100, 1000];

/**
 * Our layouts and the peers.
 *
 * @throws {Missing} When a peer's package cannot be fetched.
 */
export async function allContestants(): Promise<readonly Contestant[]> {
  return [...OWN, ...peersOf(await loadPackages())];
}

/**
 * The same, or our layouts alone where the registry cannot be reached. Plain `deno bench` measures
 * our layouts alone, too: there a package of a peer would be written into deno.lock.
 */
export async function contestantsAtHand(): Promise<readonly Contestant[]> {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "NODE_ENV" });
  if (state !== "granted") {
    printError("without peers: deno task bench measures them, too");
    return OWN;
  }
  try {
    return await allContestants();
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    printError(`without peers: ${error.message}`);
    return OWN;
  }
}
