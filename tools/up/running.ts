/**
 * The balancer of a fleet that runs, with either engine.
 *
 * @module
 */
import { run } from "../command.ts";
import { balancerContainers, publishedAddress } from "../docker/project.ts";
import type { FleetPlaces } from "../fleet_places.ts";
import { findRun } from "./processes.ts";
import { readState } from "./state.ts";

/** A balancer that runs. */
export interface Running {
  readonly engine: "process" | "docker";
  /** Where the service is. */
  readonly url: string;
}

const DEADLINE_MS = 5000;

/**
 * The balancer that this checkout started and that runs in the background.
 *
 * @param places of its fleet
 * @returns undefined when none does
 */
export async function findRunning(places: FleetPlaces): Promise<Running | undefined> {
  const state = await readState(places.stateFile);
  if (state?.runId && await findRun(state.runId)) {
    return { engine: "process", url: state.service ?? state.url };
  }
  if (!(await dockerAnswers())) return undefined;
  const [container] = await balancerContainers(places, true);
  if (!container) return undefined;
  return { engine: "docker", url: `http://${await publishedAddress(container)}` };
}

/** Does a Docker engine answer? */
export async function dockerAnswers(): Promise<boolean> {
  const args = ["version", "--format", "{{.Server.Version}}"];
  return (await run("docker", args, { timeoutMs: DEADLINE_MS })).code === 0;
}
