/**
 * Removes exactly what a fleet has in a Docker Swarm: its balancers, its replicas, the shared state,
 * its network and its secret.
 *
 * @module
 */
import { run } from "../command.ts";
import { FLEET_LABEL } from "../project.ts";
import { ToolError } from "../tool.ts";
import { docker, ids } from "./command.ts";
import type { Removal } from "./removal.ts";
import { balancerService, filterArgs, maker, swarmTrouble } from "./swarm_project.ts";

/** Label of the configs of the shared state (balancer/cluster/swarm_store.ts). */
const STORE_LABEL = "ringkeeper.store.fleet";

/** Time for all containers to end and leave the network, in milliseconds. */
const END_MS = 60_000;

const LOOK_MS = 250;

/**
 * Removes a fleet from the swarm, if this checkout has started it there.
 *
 * @param fleet the fleet
 * @param progress called at every step
 */
export async function removeFromSwarm(
  fleet: string,
  progress: (line: string) => void,
): Promise<Removal> {
  if (await swarmTrouble() !== undefined) return { removed: 0 };
  const balancers = await balancerService(fleet);
  if (balancers && balancers.by !== await maker()) {
    const kept =
      `the fleet "${fleet}" was started from ${balancers.by} in this swarm: end it there`;
    return { removed: 0, kept };
  }
  const secrets = await ids(["secret", "ls", "-q", ...filterArgs(fleet)]);
  const networks = await ids(["network", "ls", "-q", ...filterArgs(fleet)]);
  // Replicas alone may be of balancers that were started in another way.
  if (!balancers && secrets.length + networks.length === 0) return { removed: 0 };
  if (balancers) {
    progress("stopping the balancers (requests that run are finished first)");
    await removeServices([balancers.id]);
  }
  const replicas = await ids(["service", "ls", "-q", "--filter", `label=${FLEET_LABEL}=${fleet}`]);
  if (replicas.length > 0) progress(`removing ${replicas.length} replicas`);
  await removeServices(replicas);
  const configs = await configsOf(fleet);
  if (configs.length > 0) await docker(["config", "rm", ...configs]);
  if (secrets.length > 0) await docker(["secret", "rm", ...secrets]);
  for (const network of networks) await removeNetwork(network);
  return { removed: (balancers ? 1 : 0) + replicas.length + secrets.length + networks.length };
}

/** Waits for the containers: one that still runs could save the state again. */
async function removeServices(services: readonly string[]): Promise<void> {
  if (services.length === 0) return;
  await docker(["service", "rm", ...services]);
  const deadline = performance.now() + END_MS;
  while (performance.now() < deadline) {
    if (await taskCount(services) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new ToolError(`containers of removed services do not end within ${END_MS / 1000} s`);
}

/**
 * The number of tasks of removed services, which outlive them by some seconds. `service ps` does not
 * know such services; the tasks of a machine do, and begin with the whole id of the service. A
 * machine that is down cannot end any.
 */
async function taskCount(services: readonly string[]): Promise<number> {
  const rows = await ids(["node", "ls", "--format", "{{.ID}} {{.Status}}"]);
  const nodes = rows.filter((row) => row.endsWith(" Ready")).map((row) => row.split(" ")[0] ?? "");
  const names = await ids(["node", "ps", ...nodes, "--no-resolve", "--format", "{{.Name}}"]);
  return names.filter((name) => services.some((id) => name.startsWith(id))).length;
}

async function configsOf(fleet: string): Promise<string[]> {
  const labels = [STORE_LABEL, FLEET_LABEL];
  const found = await Promise.all(
    labels.map((label) => ids(["config", "ls", "-q", "--filter", `label=${label}=${fleet}`])),
  );
  return [...new Set(found.flat())];
}

/** Containers leave the network some seconds after their service was removed. */
async function removeNetwork(network: string): Promise<void> {
  const deadline = performance.now() + END_MS;
  for (;;) {
    const result = await run("docker", ["network", "rm", network]);
    if (result.code === 0 || /no such|not found/i.test(result.stderr)) return;
    if (performance.now() > deadline) {
      throw new ToolError(`the network ${network} cannot be removed: ${result.stderr.trim()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
