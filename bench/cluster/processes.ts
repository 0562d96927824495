/**
 * Processes of containers.
 *
 * @module
 */
import { run } from "../../tools/command.ts";

/** Prints the paths of the control groups' files that name a container. */
const FIND = 'grep -l "$1" /proc/[0-9]*/cgroup 2>/dev/null';

/**
 * Returns the processes of a container on any machine, as this machine numbers them.
 *
 * @param container its id
 * @throws {Error} there are none
 */
export async function processesOf(container: string): Promise<number[]> {
  const { stdout } = await run("sh", ["-c", FIND, "sh", container]);
  const pids = stdout.match(/(?<=\/proc\/)\d+/g)?.map(Number) ?? [];
  if (pids.length === 0) throw new Error(`container ${container} has no process`);
  return pids;
}
