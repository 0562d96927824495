/**
 * The replacement of a running replica: the new instance is ready before the old one drains.
 *
 * @module
 */
import type { DeployStep } from "../../answers/event.ts";
import type { Template } from "../../engine/engine.ts";
import type { Fleet } from "../fleet.ts";
import { isSuccessorReady } from "./readiness.ts";

/**
 * Replaces the instance of a replica. Resolves when the old instance is gone.
 *
 * @param fleet the fleet
 * @param name the replica
 * @param template template of the new instance
 * @param report called for each step
 * @throws {Error} the new instance did not become ready; the old one stays
 */
export async function replaceInstance(
  fleet: Fleet,
  name: string,
  template: Template,
  report: (step: DeployStep) => void,
): Promise<void> {
  report({ step: "starting", name });
  fleet.rollout.start(name, template);
  try {
    await fleet.until((members) => {
      checkHealing(fleet);
      return isSuccessorReady(members, name);
    });
  } catch (error) {
    await fleet.rollout.abort(name);
    throw error;
  }
  fleet.rollout.takeOver(name);
  report({ step: "draining", name });
  await fleet.until((members) => (members.get(name)?.retiring.length ?? 0) === 0);
  report({ step: "replaced", name });
}

/** @throws {Error} another balancer heals the fleet */
export function checkHealing({ mayHeal }: Fleet): void {
  if (!mayHeal) throw new Error("another balancer heals the fleet now");
}
