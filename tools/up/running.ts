/**
 * The running balancer of a fleet, with either engine.
 *
 * @module
 */
import { run } from "../command.ts";
import { balancerContainers, publishedAddress } from "../docker/project.ts";
import { balancerService } from "../docker/swarm_project.ts";
import type { FleetPlaces } from "../fleet_places.ts";
import { findRun } from "./processes.ts";
import { readState } from "./state.ts";

/** A running balancer. */
export interface Running {
  readonly engine: "process" | "docker" | "swarm";
  /** URL of the service. */
  readonly url: string;
}

const DEADLINE_MS = 5000;

/**
 * Finds the background balancer that this checkout started.
 *
 * @param places the places of the fleet
 * @returns undefined if none is running
 */
export async function findRunning(places: FleetPlaces): Promise<Running | undefined> {
  const state = await readState(places.stateFile);
  if (state?.runId && await findRun(state.runId)) {
    return { engine: "process", url: state.service ?? state.url };
  }
  if (!(await dockerAnswers())) return undefined;
  if (state?.engine === "swarm" && await balancerService(places.fleet)) {
    return { engine: "swarm", url: state.service ?? state.url };
  }
  const [container] = await balancerContainers(places, true);
  if (!container) return undefined;
  return { engine: "docker", url: `http://${await publishedAddress(container)}` };
}

/** Whether a Docker Engine answers. */
export async function dockerAnswers(): Promise<boolean> {
  const args = ["version", "--format", "{{.Server.Version}}"];
  return (await run("docker", args, { timeoutMs: DEADLINE_MS })).code === 0;
}
