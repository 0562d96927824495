/**
 * What a change of a ring moves.
 *
 * @module
 */

import type { Ring } from "./ring.ts";

/** A part of all string keys that changes its owner. */
export interface Flow {
  /** Its owner in the first ring; undefined where that is empty. */
  readonly from: string | undefined;
  /** Its owner in the second ring; undefined where that is empty. */
  readonly to: string | undefined;
  /** From 0 to 1. */
  readonly share: number;
}

/** What moves between two rings. */
export interface Movement {
  /** The part of all string keys that changes its owner, from 0 to 1. */
  readonly share: number;
  /** The same by who gives and who takes, the largest first. */
  readonly flows: readonly Flow[];
}

/**
 * Compares where string keys belong in two rings: exactly, not by samples, also where the rings
 * have different numbers of slots. With equal numbers of slots it is the part of the slots that
 * changes its owner, so that it holds for ids, too, unless the hash family differs.
 *
 * @example A member that joins takes its share and little else moves
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compareRings, Ring } from "./mod.ts";
 *
 * const layout = "rendezvous";
 * const before = Ring.build({ members: ["a", "b"], layout });
 * const after = Ring.build({ members: ["a", "b", "c"], layout });
 * assertEquals(compareRings(before, after).flows.map(({ to }) => to), ["c", "c"]);
 * assertEquals(compareRings(before, before), { share: 0, flows: [] });
 * ```
 *
 * @param before The ring that is.
 * @param after The ring that is to be.
 */
export function compareRings(before: Ring, after: Ring): Movement {
  const columns = after.members.length + 1;
  const lengths = new Float64Array((before.members.length + 1) * columns);
  // Slot i of M is the part of all hashes from i / M to (i + 1) / M. Counted in parts of one M times
  // the other all bounds are whole numbers.
  for (let a = 0, b = 0, at = 0; a < before.slots && b < after.slots;) {
    const endA = (a + 1) * after.slots;
    const endB = (b + 1) * before.slots;
    const end = Math.min(endA, endB);
    lengths[ownerIndex(before, a) * columns + ownerIndex(after, b)]! += end - at;
    at = end;
    if (end === endA) a++;
    if (end === endB) b++;
  }
  return movementOf(before, after, lengths);
}

/** In an empty ring it is the index behind the members. */
function ownerIndex(ring: Ring, slot: number): number {
  return ring.members.length === 0 ? 0 : ring.table[slot]!;
}

function movementOf(before: Ring, after: Ring, lengths: Float64Array): Movement {
  const whole = before.slots * after.slots;
  const columns = after.members.length + 1;
  const flows: Flow[] = [];
  let moved = 0;
  for (const [cell, length] of lengths.entries()) {
    const from = before.members[Math.floor(cell / columns)];
    const to = after.members[cell % columns];
    if (length === 0 || from === to) continue;
    flows.push({ from, to, share: length / whole });
    moved += length;
  }
  return { share: moved / whole, flows: flows.sort((one, two) => two.share - one.share) };
}
