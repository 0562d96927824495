/**
 * Changes of the ring and plans of them, as the calls that make them answer.
 *
 * @module
 */
import type { Movement } from "../../../ring/mod.ts";
import type { Changed, Movement as MovementReport, Planned } from "../../answers/ring.ts";
import type { ChangeReport, Plan } from "../../fleet/operations/membership.ts";

/** Of what moves between the members, so many pairs are listed: a large fleet has millions. */
const MAX_FLOWS = 100;

/**
 * The answer to a change that was made.
 *
 * @param report what the fleet says of it
 */
export function answerChange({ version, digest, moved, movedIds }: ChangeReport): Changed {
  const message = { version, digest, moved: reportMovement(moved, movedIds) };
  return { message, status: "successful" };
}

/**
 * The answer to who asked for a plan.
 *
 * @param plan what the fleet says of it
 */
export function answerPlan({ expiresAt, moved, movedIds, ...rest }: Plan): Planned {
  const until = new Date(expiresAt).toISOString();
  const message = { ...rest, expiresAt: until, moved: reportMovement(moved, movedIds) };
  return { message, status: "successful" };
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
