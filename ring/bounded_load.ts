/**
 * Consistent hashing with bounded loads: how much a member may have in hand, and where a request
 * goes whose owner has that much already.
 *
 * Source: Mirrokni, Thorup and Zadimoghaddam, Consistent hashing with bounded loads, SODA 2018.
 * There what overflows goes to the next bin clockwise, so that the neighbour of a popular one fills
 * up, too; here it goes to where another hash of the key falls (Chen, Coleman and Shrivastava,
 * Revisiting consistent hashing with bounded loads, AAAI 2021).
 *
 * @module
 */

import { scaleToSlots } from "./hash_families.ts";
import { murmur3 } from "./murmur3.ts";
import type { Ring } from "./ring.ts";

/**
 * How many requests a member may have in hand: its share of all, times the bound, rounded up. The
 * request that is to be placed counts among all. With a bound above 1 the caps of all members
 * together are more than the requests, so that there is always room somewhere.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadCap } from "./mod.ts";
 *
 * assertEquals(loadCap(1.25, 79, 1 / 10), 10);
 * assertEquals(loadCap(1.25, 0, 1 / 10), 1);
 * ```
 *
 * @param bound How far above the mean a load may rise, above 1.
 * @param inHand The requests that all members have in hand, without the one to place.
 * @param share The member's share of the weights, from 0 to 1; a member of none may have nothing.
 */
export function loadCap(bound: number, inHand: number, share: number): number {
  return Math.ceil(bound * (inHand + 1) * share);
}

/** Other hashes of the key that are tried, for each member. */
const TRIES = 2;

/**
 * The members that a key overflows to, in the order in which to try them: the owners of where other
 * hashes of the key fall, then the rest as the ring's walk has them, those of weight 0 last. Each
 * once, and never the owner of the key's own slot. Each step costs a hash of the key or a few; only
 * who asks for the rest pays for the walk.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { overflow, Ring } from "./mod.ts";
 *
 * const ring = Ring.build({ members: ["a", "b", "c"] });
 * const order = [...overflow(ring, "alice", ring.slotOfKey("alice"))];
 * assertEquals([...order, ring.ownerOfKey("alice")].toSorted(), ["a", "b", "c"]);
 * ```
 *
 * @param ring The ring.
 * @param key The request's key.
 * @param slot The slot of the key, from 0 to `ring.slots` - 1.
 * @throws {RangeError} When there is no such slot.
 */
export function* overflow(ring: Ring, key: string, slot: number): Generator<string, void> {
  const count = ring.members.length;
  const tried = new Set([ownerOf(ring, slot)]);
  for (let seed = 1; seed <= TRIES * count && tried.size < count; seed++) {
    const name = ownerOf(ring, scaleToSlots(murmur3(key, seed), ring.slots));
    if (name === undefined || tried.has(name)) continue;
    tried.add(name);
    yield name;
  }
  if (tried.size >= count) return;
  for (const name of ring.walk(slot)) if (!tried.has(name)) yield name;
}

function ownerOf(ring: Ring, slot: number): string | undefined {
  const index = ring.table[slot];
  // The walk says what is wrong with a slot that there is not.
  return index === undefined ? ring.walk(slot)[0] : ring.members[index];
}
