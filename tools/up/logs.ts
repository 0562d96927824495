/**
 * Follows the log of the balancer that runs in the background.
 *
 * @module
 */
import { show } from "../command.ts";
import { balancerContainers } from "../docker/project.ts";
import { complain } from "../print.ts";
import { LOG_FILE, rootPath } from "../project.ts";
import { dockerAnswers, findRunning } from "./running.ts";
import { ToolError } from "../tool.ts";

const LINES = "100";

/**
 * Shows the log on standard output, and follows it while the balancer runs.
 *
 * @returns the exit code of the program that showed it
 * @throws {ToolError} there is no log
 */
export async function logs(): Promise<number> {
  const running = await findRunning();
  if (running?.engine === "process") return await tail(["-f"]);
  const [container] = await dockerAnswers() ? await balancerContainers(false) : [];
  if (container) return await show("docker", ["logs", "-f", "--tail", LINES, container]);
  if (!(await exists(LOG_FILE))) throw new ToolError("nothing runs, and there is no log; make run");
  complain(`nothing runs; this is the end of the last log (${rootPath(LOG_FILE)})`);
  return await tail([]);
}

function tail(flags: readonly string[]): Promise<number> {
  return show("tail", ["-n", LINES, ...flags, LOG_FILE.pathname]);
}

async function exists(file: URL): Promise<boolean> {
  try {
    return (await Deno.stat(file)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
