/**
 * Ends exactly what `up` started, in whatever state it is.
 *
 * @module
 */
import { type Removal, removeProject } from "../docker/removal.ts";
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
import { verbOf } from "./verb_of.ts";

/** Time for the balancer to drain and to stop its replicas; as compose.yaml gives it. */
const BALANCER_GRACE_MS = 30_000;

/** The outcome of {@linkcode down}. */
interface Down {
  /** Whether there was anything to end. */
  readonly ended: boolean;
  /** Which containers were left alone and why, in words. */
  readonly kept?: string;
}

/**
 * Ends the balancer and all that belongs to it.
 *
 * @param progress told of every step
 * @param fleet the fleet to end; that of the environment where it is not given
 */
export async function down(
  progress: (line: string) => void,
  fleet = fleetOfEnvironment(),
): Promise<Down> {
  const places = await placesInUse(fleet);
  const state = await readState(places.stateFile);
  const processes = state?.runId ? await endProcesses(state.runId, progress) : 0;
  const { removed, kept } = await endContainers(places, state, progress);
  await removeState(places.stateFile);
  await removeFleet(places);
  const ended = processes + removed > 0;
  if (kept !== undefined) return { ended, kept };
  if (ended) return { ended };
  for (const other of await startedFleets()) {
    progress(`the fleet "${other.fleet}" was started here: ${verbOf(other.fleet, "stop")}`);
  }
  return { ended: false };
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
): Promise<Removal> {
  if (await dockerAnswers()) {
    const removal = await removeProject(places, state?.fleet ?? places.fleet, progress);
    // Processes share nothing with another checkout's containers.
    return state?.engine === "process" ? { removed: removal.removed } : removal;
  }
  if (state?.engine !== "docker") return { removed: 0 };
  throw new ToolError(
    "the balancer was started on Docker, and no Docker engine answers now: containers may still " +
      "be there. Start the engine and run this again",
  );
}
