/**
 * Ends exactly the balancer that `up` started, in any state.
 *
 * @module
 */
import { type Removal, removeProject } from "../docker/removal.ts";
import { removeFromSwarm } from "../docker/swarm_removal.ts";
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

/** Deadline for the balancer to drain and stop its replicas, as in compose.yaml. */
const BALANCER_GRACE_MS = 30_000;

const NOTHING: Removal = { removed: 0 };

/** The outcome of {@linkcode down}. */
interface Down {
  /** Whether anything was running. */
  readonly ended: boolean;
  /** The remaining containers and the reason, in words. */
  readonly kept?: string;
}

/**
 * Ends the balancer and all its replicas.
 *
 * @param progress called at every step
 * @param fleet the fleet to end; the default is the environment's
 */
export async function down(
  progress: (line: string) => void,
  fleet = fleetOfEnvironment(),
): Promise<Down> {
  const places = await placesInUse(fleet);
  const state = await readState(places.stateFile);
  const processes = state?.runId ? await endProcesses(state.runId, progress) : 0;
  const swarm = await dockerAnswers() ? await removeFromSwarm(places.fleet, progress) : NOTHING;
  if (swarm.kept !== undefined) return { ended: processes > 0, kept: swarm.kept };
  const { removed: containers, kept } = await endContainers(places, state, progress);
  const removed = containers + swarm.removed;
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

/** The replicas end with the balancer, even if it is killed: the process engine ensures that. */
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
  if (state?.engine !== "docker" && state?.engine !== "swarm") return { removed: 0 };
  throw new ToolError(
    "the balancer was started on Docker, and no Docker engine answers now: containers may still " +
      "be there. Start the engine and run this again",
  );
}
