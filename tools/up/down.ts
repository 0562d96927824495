/**
 * Ends exactly what `up` started, in whatever state it is.
 *
 * @module
 */
import { removeProject } from "../docker/project.ts";
import { balancerOf, endAll, listProcesses } from "./processes.ts";
import { DEFAULT_FLEET } from "../project.ts";
import { dockerAnswers } from "./running.ts";
import { readState, removeFleet, removeState, type State } from "./state.ts";
import { ToolError } from "../tool.ts";

/** Time for the balancer to drain and to stop its replicas; as compose.yaml gives it. */
const BALANCER_GRACE_MS = 30_000;

/**
 * Ends the balancer and all that belongs to it.
 *
 * @param progress told of every step
 * @returns false when there was nothing to end
 */
export async function down(progress: (line: string) => void): Promise<boolean> {
  const state = await readState();
  const processes = state?.runId ? await endProcesses(state.runId, progress) : 0;
  const containers = await endContainers(state, progress);
  await removeState();
  await removeFleet();
  return processes + containers > 0;
}

/** Its replicas end with it: the process engine sees to that even where it was killed. */
async function endProcesses(runId: string, progress: (line: string) => void): Promise<number> {
  const balancer = async () => balancerOf(await listProcesses(), runId);
  if ((await balancer()).length === 0) return 0;
  progress("stopping the balancer (requests that run are finished first)");
  return await endAll(balancer, BALANCER_GRACE_MS);
}

async function endContainers(
  state: State | undefined,
  progress: (line: string) => void,
): Promise<number> {
  if (await dockerAnswers()) {
    const fleet = state?.fleet ?? (Deno.env.get("LB_FLEET") || DEFAULT_FLEET);
    return await removeProject(fleet, progress);
  }
  if (state?.engine !== "docker") return 0;
  throw new ToolError(
    "the balancer was started on Docker, and no Docker engine answers now: containers may still " +
      "be there. Start the engine and run this again",
  );
}
