/**
 * Kills, the same way for every contestant: the process itself, from this machine.
 *
 * @module
 */
import { run } from "../../tools/command.ts";
import { ToolError } from "../../tools/tool.ts";

const KILL = 'date +%s.%N; kill -9 "$1"';

/**
 * Kills a process as `kill -9` does. A container's process, too: `docker kill` counts as a stop by
 * hand for some versions of Docker, which then do not restart it.
 *
 * @param pid its number
 * @returns when, in milliseconds since the epoch
 * @throws {ToolError} there is no such process
 */
export async function killProcess(pid: number): Promise<number> {
  const { code, stdout, stderr } = await run("sh", ["-c", KILL, "sh", String(pid)]);
  if (code !== 0) throw new ToolError(`kill -9 ${pid}: ${stderr.trim()}`);
  return Number(stdout) * 1000;
}
