/**
 * Changes of the ring and plans of them, as the calls that make them answer.
 *
 * @module
 */
import type { Movement } from "../../ring/mod.ts";
import type { RingFacts } from "../fleet/blueprint.ts";
import type { ChangeReport, Plan } from "../fleet/membership.ts";

/** Of what moves between the members, so many pairs are listed: a large fleet has millions. */
const MAX_FLOWS = 100;

/** What moves, for people and for JSON. */
export interface MovementReport {
  /** The part of all keys that changes its owner, from 0 to 1. */
  readonly share: number;
  /** The same by who gives and who takes, the largest first; null where nobody does. */
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
export function reportChange({ version, digest, moved }: ChangeReport): object {
  return { version, digest, moved: reportMovement(moved) };
}

/**
 * A plan.
 *
 * @param plan what the fleet says of it
 */
export function reportPlan({ id, basedOn, expiresAt, add, remove, before, after, moved }: Plan): {
  readonly id: string;
  readonly basedOn: string;
  /** ISO 8601. */
  readonly expiresAt: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly before: RingFacts;
  readonly after: RingFacts;
  readonly moved: MovementReport;
} {
  return {
    id,
    basedOn,
    expiresAt: new Date(expiresAt).toISOString(),
    add,
    remove,
    before,
    after,
    moved: reportMovement(moved),
  };
}

function reportMovement({ share, flows }: Movement): MovementReport {
  const listed = flows.slice(0, MAX_FLOWS);
  return {
    share,
    flows: listed.map(({ from = null, to = null, share }) => ({ from, to, share })),
    flowsLeftOut: flows.length - listed.length,
  };
}
