/**
 * Programs on a core of their own.
 *
 * @module
 */
import { type Command, type Program, startProgram } from "./program.ts";

/** Core of the load generators and the upstreams. */
export const LOAD_CORE = 0;
/** Core of the proxy that is measured. */
export const PROXY_CORE = 1;

/**
 * Starts a program in the project's root.
 *
 * @param command the program to run
 * @param core the core that it may use
 * @param log the file for its output; earlier contents are overwritten
 */
export function startPinned(command: Command, core: number, log: string): Program {
  Deno.writeTextFileSync(log, "");
  return startProgram({ ...command, args: ["taskset", "-c", String(core), ...command.args] }, log);
}
