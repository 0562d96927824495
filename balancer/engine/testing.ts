/**
 * What the tests of engines share: waiting, listening, looking from outside.
 *
 * @module
 */
import { HEARTBEAT_PATH } from "../../replica/contract.ts";
import type { FailureLog } from "../failures.ts";
import type { Address, UpstreamAddress } from "../view.ts";
import type { Engine, EngineEvent } from "./engine.ts";

const DEADLINE_MS = 20_000;
const INTERVAL_MS = 5;

/** Fails the test in which it is told something. */
export const NO_FAILURES: FailureLog = {
  record(action, error) {
    throw new Error(`${action} failed in the background`, { cause: error });
  },
};

/**
 * Asks again and again until the answer is yes.
 *
 * @param what completes "waited in vain for ..."
 * @param isSo the question
 * @param deadlineMs longest wait in milliseconds
 * @throws {Error} after the longest wait
 */
export async function waitFor(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!await isSo()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}

/**
 * Whether somebody takes connections at an address. At that of a container that is gone nobody even
 * refuses: there the kernel gives up after three seconds.
 *
 * @param address to connect to
 */
export async function accepts(address: UpstreamAddress): Promise<boolean> {
  try {
    const { hostname, port } = tcpOf(address);
    using _ = await Deno.connect({ hostname, port });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    if (error instanceof Error && Reflect.get(error, "code") === "EHOSTUNREACH") return false;
    throw error;
  }
}

/**
 * Whether a replica answers at an address.
 *
 * @param address to ask for a heartbeat
 */
export async function beats(address: UpstreamAddress): Promise<boolean> {
  const { hostname, port } = tcpOf(address);
  try {
    const response = await fetch(`http://${hostname}:${port}${HEARTBEAT_PATH}`);
    await response.body?.cancel();
    return response.ok;
  } catch (error) {
    // Not listening yet.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/**
 * The TCP address of an instance.
 *
 * @throws {TypeError} it listens on a Unix socket
 */
export function tcpOf(address: UpstreamAddress): Address {
  if ("path" in address) throw new TypeError(`${address.path} is no TCP address`);
  return address;
}

type Exit = Extract<EngineEvent, { type: "exit" }>;

/** What an engine reported so far, and the way to wait for more. */
interface Heard {
  readonly events: readonly EngineEvent[];
  readonly exitOf: (id: string) => Promise<Exit>;
  readonly close: () => void;
}

/**
 * Watches an engine and keeps what it reports.
 *
 * @param engine to watch
 */
export async function listen(engine: Engine): Promise<Heard> {
  const events: EngineEvent[] = [];
  const watch = await engine.watch((event) => void events.push(event));
  const find = (id: string) => events.find((event) => event.type === "exit" && event.id === id);
  const exitOf = async (id: string) => {
    await waitFor(`the exit of ${id}`, () => find(id) !== undefined);
    return find(id) as Exit;
  };
  return { events, exitOf, close: () => watch.close() };
}
