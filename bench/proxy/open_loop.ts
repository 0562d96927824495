/**
 * The load generator of tails: requests at moments that do not depend on the proxy.
 *
 * @module
 */
import { run } from "../../tools/command.ts";
import { ToolError } from "../../tools/tool.ts";
import { LOAD_CORE } from "../harness/pinned.ts";
import { SMALL_BODY } from "./upstreams.ts";

/** A load. */
interface OpenLoopLoad {
  readonly port: number;
  /** Requests a second. */
  readonly rate: number;
  readonly seconds: number;
  readonly connections: number;
  /** The same moments for the same seed. */
  readonly seed: number;
}

/** Its results. */
export interface OpenLoopReport {
  /** Requests a second that were due. */
  readonly offered: number;
  /** Requests a second that had their response before the last one was due. */
  readonly carried: number;
  /** Milliseconds from the moment at which a request was due to its response. */
  readonly p50: number;
  readonly p99: number;
  readonly slowest: number;
  /** Milliseconds of these that are the generator's own delay, the 99th percentile. */
  readonly lag: number;
  /** Requests without a success. */
  readonly failed: number;
}

const SCRIPT = new URL("servers/open_loop.ts", import.meta.url).pathname;
const FLAGS = ["run", "--quiet", "--no-prompt", "--no-lock", "--allow-ffi"];
const RAISED = 'ulimit -n "$(ulimit -Hn)"; exec "$@"';

/** Loads a proxy. */
export async function runOpenLoop(
  { port, rate, seconds, connections, seed }: OpenLoopLoad,
): Promise<OpenLoopReport> {
  const args = [...[port, rate, seconds, connections, seed].map(String), SMALL_BODY];
  const command = ["taskset", "-c", String(LOAD_CORE), Deno.execPath(), ...FLAGS, SCRIPT, ...args];
  const { code, stdout, stderr } = await run("sh", ["-c", RAISED, "sh", ...command]);
  if (code !== 0) throw new ToolError(`the load generator failed: ${stderr.trim()}`);
  return JSON.parse(stdout);
}
