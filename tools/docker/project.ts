/**
 * What there is of this project on the Docker Engine, found by labels alone, so that it is found
 * whatever happened to the state file.
 *
 * @module
 */
import { lastLines, run } from "../command.ts";
import { FLEET_LABEL, PROJECT } from "../project.ts";
import { ToolError } from "../tool.ts";

const OF_PROJECT = `label=com.docker.compose.project=${PROJECT}`;
const IS_BALANCER = "label=com.docker.compose.service=balancer";

/** Longer than stop_grace_period of compose.yaml takes; then Docker itself kills. */
const STOP_SECONDS = "30";

/** Ids of the balancer's container, running or not. */
export function balancerContainers(onlyRunning: boolean): Promise<string[]> {
  const running = onlyRunning ? ["--filter", "status=running"] : ["--all"];
  return ids(["ps", "-q", ...running, "--filter", OF_PROJECT, "--filter", IS_BALANCER]);
}

/** Where the balancer is published on this machine, `127.0.0.1:5000`; empty when it is not. */
export async function publishedAddress(container: string): Promise<string> {
  const result = await run("docker", ["port", container, "5000/tcp"]);
  return result.stdout.trim().split("\n")[0] ?? "";
}

/**
 * The text of a small file in a container, which need have no shell; undefined where there is none.
 *
 * @param container its id
 * @param path the file
 */
export async function fileIn(container: string, path: string): Promise<string | undefined> {
  const result = await run("docker", ["cp", `${container}:${path}`, "-"]);
  if (result.code !== 0) return undefined;
  // A tar archive of one file: a head of 512 bytes, with the size as an octal number, and the text.
  const size = parseInt(result.stdout.slice(124, 136), 8);
  return result.stdout.slice(512, 512 + size);
}

/** The last lines that a container wrote. */
export async function containerLog(container: string, lines: number): Promise<string> {
  const result = await run("docker", ["logs", "--tail", String(lines), container]);
  return lastLines(result.stdout + result.stderr, lines);
}

/** How often Docker had to start a container again, and what it does now. */
export async function restarts(container: string): Promise<{ count: number; state: string }> {
  const format = "{{.RestartCount}} {{.State.Status}}";
  const result = await run("docker", ["inspect", "--format", format, container]);
  const [count = "0", state = "gone"] = result.stdout.trim().split(" ");
  return { count: Number(count), state };
}

/**
 * Ends the balancer, which removes its replicas; then removes what is left of the fleet.
 *
 * @param fleet value of the label on the replicas
 * @param progress told of every step
 * @returns how many containers and networks went
 */
export async function removeProject(
  fleet: string,
  progress: (line: string) => void,
): Promise<number> {
  const project = await ids(["ps", "-aq", "--filter", OF_PROJECT]);
  if (project.length > 0) {
    progress("stopping the balancer's container (requests that run are finished first)");
  }
  if (project.length > 0) await docker(["stop", "-t", STOP_SECONDS, ...project]);
  const ofFleet = `label=${FLEET_LABEL}=${fleet}`;
  const leftovers = await ids(["ps", "-aq", "--filter", ofFleet]);
  if (leftovers.length > 0) progress(`removing ${leftovers.length} replicas that it left`);
  const containers = [...new Set([...project, ...leftovers])];
  if (containers.length > 0) await docker(["rm", "-f", "-v", ...containers]);
  await removeMark(ofFleet);
  return containers.length + await removeNetworks([OF_PROJECT, ofFleet]);
}

/** The volumes that say whose the fleet is; a balancer that was killed leaves them. */
async function removeMark(ofFleet: string): Promise<void> {
  const filters = ["--filter", ofFleet, "--filter", "label=ringkeeper.mark"];
  const found = await ids(["volume", "ls", "-q", ...filters]);
  if (found.length > 0) await docker(["volume", "rm", ...found]);
}

async function removeNetworks(filters: readonly string[]): Promise<number> {
  const found = new Set<string>();
  for (const filter of filters) {
    for (const id of await ids(["network", "ls", "-q", "--filter", filter])) found.add(id);
  }
  if (found.size > 0) await docker(["network", "rm", ...found]);
  return found.size;
}

async function ids(args: readonly string[]): Promise<string[]> {
  return (await docker(args)).split("\n").filter((line) => line !== "");
}

async function docker(args: readonly string[]): Promise<string> {
  const result = await run("docker", args);
  // What was listed a moment ago may have gone by itself: that is what was wanted.
  if (result.code === 0 || /no such|not found/i.test(result.stderr)) return result.stdout.trim();
  throw new ToolError(`docker ${args[0]}: ${result.stderr.trim()}`);
}
