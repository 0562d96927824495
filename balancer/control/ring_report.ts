/**
 * Changes of the ring and plans of them, as the calls that make them answer.
 *
 * @module
 */
import type { Movement } from "../../ring/mod.ts";
import type { ChangeReport, Plan } from "../fleet/membership.ts";

/** Of what moves between the members, so many pairs are listed: a large fleet has millions. */
const MAX_FLOWS = 100;

/** What moves, for people and for JSON. */
interface MovementReport {
  /** The part of all string keys that changes its owner, from 0 to 1. */
  readonly share: number;
  /** The part of the ids 0 to 9999, which the ring's hash family hashes, from 0 to 1. */
  readonly ids: number;
  /** The share by who gives and who takes, the largest first; null where nobody does. */
  readonly flows: readonly {
    readonly from: string | null;
    readonly to: string | null;
    readonly share: number;
  }[];
  /** How many smaller flows are not listed. */
  readonly flowsLeftOut: number;
}

/**
 * A change that was made.
 *
 * @param report what the fleet says of it
 */
export function reportChange({ version, digest, moved, movedIds }: ChangeReport): object {
  return { version, digest, moved: reportMovement(moved, movedIds) };
}

/**
 * A plan.
 *
 * @param plan what the fleet says of it
 */
export function reportPlan(plan: Plan): object {
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
