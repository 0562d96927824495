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

/**
 * Whether two pictures look the same: most versions of the view change neither owners nor slots.
 *
 * @param a one picture
 * @param b the other; tables are compared by identity, because they are replaced as a whole
 */
export function samePicture(a: Picture, b: Picture): boolean {
  return a.slots === b.slots && a.runs === b.runs && a.virtualServers === b.virtualServers &&
    a.moves === b.moves && a.ink === b.ink && a.paper === b.paper &&
    a.owners.length === b.owners.length &&
    a.owners.every((owner, at) => sameOwner(owner, b.owners[at]));
}

function sameOwner(a: Owner, b: Owner | undefined): boolean {
  return a.name === b?.name && a.colour === b.colour && a.ready === b.ready && a.slots === b.slots;
}

/** The position of one owner's share. */
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
