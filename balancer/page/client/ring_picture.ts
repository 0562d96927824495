/**
 * The content of the ring's drawing. Pure.
 *
 * @module
 */
import type { Move, Run } from "./ring_geometry.ts";

/** An owner with its drawing style. */
export interface Owner {
  readonly name: string;
  readonly colour: string;
  readonly ready: boolean;
  readonly slots: number;
}

/** The content of the drawing. */
export interface Picture {
  readonly slots: number;
  readonly owners: readonly Owner[];
  readonly runs: readonly Run[];
  /** For each virtual server the index of its owner and its slot. */
  readonly virtualServers: readonly (readonly [owner: number, slot: number])[];
  /** The moves of a plan. */
  readonly moves: readonly (Move & { readonly colour: string })[] | undefined;
  /** Colours of the text and of the background. */
  readonly ink: string;
  readonly paper: string;
}

/** Returns the owner at a point of the band of shares. */
export interface ShareArc {
  readonly owner: number;
  readonly from: number;
  readonly to: number;
}

/** The position of each owner's share, in slots from the top. */
export function shareArcs(owners: readonly Owner[]): ShareArc[] {
  let from = 0;
  return owners.map(({ slots }, owner) => {
    const arc = { owner, from, to: from + slots };
    from = arc.to;
    return arc;
  });
}
