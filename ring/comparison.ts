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
 * changes its owner, so that it holds for ids, too, as far as they fall on all slots alike.
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
  const indexAfter = indexesIn(after, before);
  const lengths = new Map<number, number>();
  // Slot i of M is the part of all hashes from i / M to (i + 1) / M. Counted in parts of one M times
  // the other all bounds are whole numbers.
  for (let a = 0, b = 0, at = 0; a < before.slots && b < after.slots;) {
    const [endA, endB] = [(a + 1) * after.slots, (b + 1) * before.slots];
    const end = Math.min(endA, endB);
    const [from, to] = [ownerIndex(before, a), ownerIndex(after, b)];
    const cell = from * CELLS + to;
    if (indexAfter[from] !== to) lengths.set(cell, (lengths.get(cell) ?? 0) + end - at);
    at = end;
    if (end === endA) a++;
    if (end === endB) b++;
  }
  return movementOf(before, after, lengths);
}

/** More than there can be owners, nobody included. */
const CELLS = 2 ** 17;

/** For each owner in one ring, nobody included, which it is in the other; -1 for none. */
function indexesIn(other: Ring, ring: Ring): Int32Array {
  const indexes = new Map(other.members.map((name, index) => [name, index]));
  const nobody = other.members.length === 0 ? 0 : -1;
  return Int32Array.from([...ring.members.map((name) => indexes.get(name) ?? -1), nobody]);
}

/** In an empty ring it is the index behind the members. */
function ownerIndex(ring: Ring, slot: number): number {
  return ring.members.length === 0 ? 0 : ring.table[slot]!;
}

function movementOf(before: Ring, after: Ring, lengths: ReadonlyMap<number, number>): Movement {
  const whole = before.slots * after.slots;
  const byLength = [...lengths].sort(([a, one], [b, two]) => two - one || a - b);
  const flows = byLength.map(([cell, length]): Flow => ({
    from: before.members[Math.floor(cell / CELLS)],
    to: after.members[cell % CELLS],
    share: length / whole,
  }));
  const moved = byLength.reduce((sum, [, length]) => sum + length, 0);
  return { share: moved / whole, flows };
}
