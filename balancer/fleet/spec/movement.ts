/**
 * The keys that a change of the ring moves, as reports of it need them. Pure.
 *
 * @module
 */
import { compareRings, movedIds, type Movement, type Ring } from "../../../ring/mod.ts";

/** Limit on the listed pairs of members: a large fleet has millions. */
const MAX_FLOWS = 100;

/** A movement with its largest flows. */
export interface ListedMovement extends Movement {
  /** Number of smaller flows that are not listed. */
  readonly flowsLeftOut: number;
}

/** The keys and ids that move from one ring to another. */
export interface RingMovement {
  readonly moved: ListedMovement;
  /** Share of the ids 0 to 9999 that move. */
  readonly movedIds: number;
}

/** Compares two rings. */
export function movementBetween(before: Ring, after: Ring): RingMovement {
  const { share, flows } = compareRings(before, after);
  const listed = flows.slice(0, MAX_FLOWS);
  const moved = { share, flows: listed, flowsLeftOut: flows.length - listed.length };
  return { moved, movedIds: movedIds(before, after) };
}
