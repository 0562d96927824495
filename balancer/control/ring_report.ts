/**
 * Changes of the ring and plans of them, as the calls that make them answer.
 *
 * @module
 */
import type { Movement } from "../../ring/mod.ts";
import type { Change, Movement as MovementReport, Plan as PlanReport } from "../answers/ring.ts";
import type { ChangeReport, Plan } from "../fleet/membership.ts";

/** Of what moves between the members, so many pairs are listed: a large fleet has millions. */
const MAX_FLOWS = 100;

/**
 * A change that was made.
 *
 * @param report what the fleet says of it
 */
export function reportChange({ version, digest, moved, movedIds }: ChangeReport): Change {
  return { version, digest, moved: reportMovement(moved, movedIds) };
}

/**
 * A plan.
 *
 * @param plan what the fleet says of it
 */
export function reportPlan(plan: Plan): PlanReport {
  const { expiresAt, moved, movedIds, ...rest } = plan;
  return {
    ...rest,
    expiresAt: new Date(expiresAt).toISOString(),
    moved: reportMovement(moved, movedIds),
  };
}

function reportMovement({ share, flows }: Movement, ids: number): MovementReport {
  const listed = flows.slice(0, MAX_FLOWS);
  return {
    share,
    ids,
    flows: listed.map(({ from = null, to = null, share }) => ({ from, to, share })),
    flowsLeftOut: flows.length - listed.length,
  };
}
