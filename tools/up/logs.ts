/**
 * Follows the log of the balancer that runs in the background.
 *
 * @module
 */
import { show } from "../command.ts";
import { balancerContainers } from "../docker/project.ts";
import { swarmNames } from "../docker/swarm_project.ts";
import { fleetOfEnvironment } from "../fleet_places.ts";
import { printError } from "../print.ts";
import { rootPath } from "../project.ts";
import { dockerAnswers, findRunning } from "./running.ts";
import { placesInUse } from "./state.ts";
import { ToolError } from "../tool.ts";

const LINES = "100";

/**
 * Shows the log, and follows it while the balancer runs.
 *
 * @param print runs the program that prints the log
 * @returns the exit code of that program
 * @throws {ToolError} there is no log
 */
export async function logs(print: typeof show = show): Promise<number> {
  const places = await placesInUse(fleetOfEnvironment());
  const running = await findRunning(places);
  if (running?.engine === "process") return await tail(print, places.logFile, ["-f"]);
  if (running?.engine === "swarm") {
    const { service } = swarmNames(places);
    return await print("docker", ["service", "logs", "-f", "--tail", LINES, service]);
  }
  const [container] = await dockerAnswers() ? await balancerContainers(places, false) : [];
  if (container) return await print("docker", ["logs", "-f", "--tail", LINES, container]);
  if (!(await exists(places.logFile))) {
    throw new ToolError(
      `nothing runs in the fleet "${places.fleet}", and there is no log; make run`,
    );
  }
  printError(`nothing runs; this is the end of the last log (${rootPath(places.logFile)})`);
  return await tail(print, places.logFile, []);
}

function tail(print: typeof show, file: URL, flags: readonly string[]): Promise<number> {
  return print("tail", ["-n", LINES, ...flags, file.pathname]);
}

async function exists(file: URL): Promise<boolean> {
  try {
    return (await Deno.stat(file)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
