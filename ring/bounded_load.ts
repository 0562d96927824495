/**
 * Consistent hashing with bounded loads: the cap on a member's requests in hand, and the
 * destination of a request that overflows a full owner.
 *
 * Source: Mirrokni, Thorup and Zadimoghaddam, Consistent hashing with bounded loads, SODA 2018.
 * There an overflow goes to the next bin clockwise, so that the neighbour of a popular bin fills
 * up, too; here it goes to the slot of another hash of the key (Chen, Coleman and Shrivastava,
 * Revisiting consistent hashing with bounded loads, AAAI 2021).
 *
 * @module
 */

import { scaleToSlots } from "./hash_families.ts";
import { murmur3 } from "./murmur3.ts";
import type { Ring } from "./ring.ts";

/**
 * Returns the cap on a member's requests in hand: its share of all requests, times the bound,
 * rounded up. The request to be placed counts as one of them. With a bound above 1 the caps
 * together exceed the requests, so that some member always has room.
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
 * @param share The member's share of the weights, from 0 to 1; with a share of 0 the cap is 0.
 */
export function loadCap(bound: number, inHand: number, share: number): number {
  return Math.ceil(bound * (inHand + 1) * share);
}

/** The number of other hashes of the key to try, per member. */
const TRIES = 2;

/**
 * Returns the members that a key overflows to, in the order of attempts: first the owners of the
 * slots of other hashes of the key, then the rest in the order of the ring's walk, members of
 * weight 0 last. Each member comes once, and the key's owner never. A step costs one or a few
 * hashes of the key; the walk is computed only when the rest is needed.
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
 * @throws {RangeError} When the slot does not exist.
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
  // The walk throws for a slot that does not exist.
  return index === undefined ? ring.walk(slot)[0] : ring.members[index];
}
