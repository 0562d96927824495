/**
 * The answers to changes and plans of the ring.
 *
 * @module
 */
import type { Changed, Movement as MovementReport, Planned } from "../../answers/ring.ts";
import type { ListedMovement } from "../../fleet/spec/movement.ts";
import type { ChangeReport, Plan } from "../../fleet/operations/membership.ts";

/**
 * Returns the answer to a change.
 *
 * @param report the fleet's report
 */
export function answerChange(report: ChangeReport): Changed {
  const { version, digest, moved, movedIds, behind } = report;
  const late = lateBalancers(behind);
  const message = { version, digest, moved: reportMovement(moved, movedIds), ...late };
  return { message, status: "successful" };
}

/**
 * Returns the field of an answer that names the balancers that do not route by a change; none if
 * all do.
 *
 * @param behind ids of those balancers
 */
export function lateBalancers(behind: readonly string[]): { readonly behind?: string[] } {
  return behind.length === 0 ? {} : { behind: [...behind] };
}

/**
 * Returns the answer to a plan.
 *
 * @param plan the fleet's plan
 */
export function answerPlan({ expiresAt, moved, movedIds, ...rest }: Plan): Planned {
  const until = new Date(expiresAt).toISOString();
  const message = { ...rest, expiresAt: until, moved: reportMovement(moved, movedIds) };
  return { message, status: "successful" };
}

function reportMovement(
  { share, flows, flowsLeftOut }: ListedMovement,
  ids: number,
): MovementReport {
  return {
    share,
    ids,
    flows: flows.map(({ from = null, to = null, share }) => ({ from, to, share })),
    flowsLeftOut,
  };
}
