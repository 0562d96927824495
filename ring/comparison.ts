/**
 * The keys that a change of a ring moves.
 *
 * @module
 */

import type { Ring } from "./ring.ts";

/** A share of all string keys that changes its owner. */
export interface Flow {
  /** The owner in the first ring; undefined if that ring is empty. */
  readonly from: string | undefined;
  /** The owner in the second ring; undefined if that ring is empty. */
  readonly to: string | undefined;
  /** From 0 to 1. */
  readonly share: number;
}

/** The keys that move between two rings. */
export interface Movement {
  /** The share of all string keys that changes its owner, from 0 to 1. */
  readonly share: number;
  /** The same share by former and new owner, the largest first. */
  readonly flows: readonly Flow[];
}

/**
 * Compares the owners of string keys in two rings: exactly, without sampling, even if the rings
 * have different numbers of slots. With equal numbers of slots the result is the share of slots
 * that changes its owner, so it holds for ids too, if these fall on all slots alike.
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
 * @param before The present ring.
 * @param after The new ring.
 */
export function compareRings(before: Ring, after: Ring): Movement {
  const indexAfter = indexesIn(after, before);
  const lengths = new Map<number, number>();
  // Slot i of M covers all hashes from i / M to (i + 1) / M. In units of 1 / (M times the other
  // ring's M), all bounds are whole numbers.
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

/**
 * Returns the share of the ids from 0 on that changes its owner. {@linkcode compareRings} does not
 * see such a move if only the hash family differs: that moves ids but no string key.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { compareRings, movedIds, Ring } from "./mod.ts";
 *
 * const before = Ring.build({ members: ["a", "b"], hashes: "fibonacci" });
 * const after = Ring.build({ members: ["a", "b"], hashes: "hashed" });
 * assertEquals(compareRings(before, after).share, 0);
 * assert(movedIds(before, after) > 0.4);
 * ```
 *
 * @param before The present ring.
 * @param after The new ring.
 * @param ids How many ids to compare, a whole number from 1 up; 10,000 if not given.
 * @returns The share, from 0 to 1.
 */
export function movedIds(before: Ring, after: Ring, ids: number = 10_000): number {
  let moved = 0;
  for (let id = 0; id < ids; id++) if (before.ownerOfId(id) !== after.ownerOfId(id)) moved++;
  return moved / ids;
}

/** Larger than the number of owners, including "no owner". */
const CELLS = 2 ** 17;

/**
 * Maps each owner index of one ring, including "no owner", to its index in the other; -1 if absent.
 */
function indexesIn(other: Ring, ring: Ring): Int32Array {
  const indexes = new Map(other.members.map((name, index) => [name, index]));
  const nobody = other.members.length === 0 ? 0 : -1;
  return Int32Array.from([...ring.members.map((name) => indexes.get(name) ?? -1), nobody]);
}

/** In an empty ring the index is the one behind the members. */
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
