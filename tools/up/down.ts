/**
 * Ends exactly what `up` started, in whatever state it is.
 *
 * @module
 */
import { removeProject } from "../docker/removal.ts";
import { fleetOfEnvironment, type FleetPlaces } from "../fleet_places.ts";
import { balancerOf, endAll, listProcesses } from "./processes.ts";
import { dockerAnswers } from "./running.ts";
import {
  placesInUse,
  readState,
  removeFleet,
  removeState,
  startedFleets,
  type State,
} from "./state.ts";
import { ToolError } from "../tool.ts";
import { verbOf } from "./welcome.ts";

/** Time for the balancer to drain and to stop its replicas; as compose.yaml gives it. */
const BALANCER_GRACE_MS = 30_000;

/**
 * Ends the balancer and all that belongs to it.
 *
 * @param progress told of every step
 * @param fleet the fleet to end; that of the environment where it is not given
 * @returns false when there was nothing to end
 */
export async function down(
  progress: (line: string) => void,
  fleet = fleetOfEnvironment(),
): Promise<boolean> {
  const places = await placesInUse(fleet);
  const state = await readState(places.stateFile);
  const processes = state?.runId ? await endProcesses(state.runId, progress) : 0;
  const containers = await endContainers(places, state, progress);
  await removeState(places.stateFile);
  await removeFleet(places);
  if (processes + containers > 0) return true;
  for (const other of await startedFleets()) {
    progress(`the fleet "${other.fleet}" was started here: ${verbOf(other.fleet, "stop")}`);
  }
  return false;
}

/** Its replicas end with it: the process engine sees to that even where it was killed. */
async function endProcesses(runId: string, progress: (line: string) => void): Promise<number> {
  const balancer = async () => balancerOf(await listProcesses(), runId);
  if ((await balancer()).length === 0) return 0;
  progress("stopping the balancer (requests that run are finished first)");
  return await endAll(balancer, BALANCER_GRACE_MS);
}

async function endContainers(
  places: FleetPlaces,
  state: State | undefined,
  progress: (line: string) => void,
): Promise<number> {
  if (await dockerAnswers()) {
    const { removed, kept } = await removeProject(places, state?.fleet ?? places.fleet, progress);
    if (kept !== undefined) progress(`left alone: ${kept}`);
    return removed;
  }
  if (state?.engine !== "docker") return 0;
  throw new ToolError(
    "the balancer was started on Docker, and no Docker engine answers now: containers may still " +
      "be there. Start the engine and run this again",
  );
}
