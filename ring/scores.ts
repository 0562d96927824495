/**
 * Rendezvous scores: how much a slot prefers a member.
 *
 * Sources: Thaler and Ravishankar, Using name-based mappings to increase hit rates, IEEE/ACM
 * Transactions on Networking 6(1), 1998 (highest random weight); Schindelhauer and Schomaker,
 * Weighted distributed hash tables, SPAA 2005 (the logarithmic method for weights).
 *
 * @module
 */

import { fmix32 } from "./fmix32.ts";
import { murmur3 } from "./murmur3.ts";

/**
 * The hash of a slot that scores are made of.
 *
 * @param slot The slot.
 * @returns A signed number of 32 bits.
 */
export function hashOfSlot(slot: number): number {
  // Not `fmix32(slot)`, which is the order that slots are given out in.
  return fmix32(~slot) | 0;
}

/**
 * The two words of a name that scores are made of: with one, a collision of hashes in 32 bits would
 * leave a member of layout `rendezvous` without slots.
 *
 * @param name The name of a member.
 */
export function wordsOf(name: string): readonly [first: number, second: number] {
  return [murmur3(name, 1), murmur3(name, 2)];
}

/**
 * The hash of a slot and a member. Among members of equal weight the slot prefers the one with the
 * highest.
 *
 * @param slotHash What `hashOfSlot` gives.
 * @param first The first word of the member's name.
 * @param second The second word.
 * @returns A signed number of 32 bits, as V8 compares those without a conversion.
 */
export function hashOfPair(slotHash: number, first: number, second: number): number {
  const mixed = Math.imul(slotHash ^ first, 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 15) ^ second, 0xc2b2ae35);
}

/**
 * The score of a member for a slot; the slot prefers the member with the highest. Of members of
 * equal weight that with the higher hash always has the higher score, so that those may be compared
 * by their hashes.
 *
 * @param hash What `hashOfPair` gives for them.
 * @param weight What `scoringWeight` gives for the member.
 */
export function scoreOf(hash: number, weight: number): number {
  const uniform = (hash + 0x8000_0000 + 0.5) / 0x1_0000_0000;
  return -weight / Math.log(uniform);
}

/**
 * A number that the score is surely below, without a logarithm: -ln(u) is above 1 - u by more than
 * the rounding of either.
 *
 * @param hash What `hashOfPair` gives for slot and member.
 * @param weight What `scoringWeight` gives for the member.
 */
export function scoreBound(hash: number, weight: number): number {
  return weight / ((0x8000_0000 - 0.5 - hash) / 0x1_0000_0000);
}

/**
 * The lowest hash with which a member can have a score, or one just below.
 *
 * @param score The score, above 0.
 * @param weight What `scoringWeight` gives for the member.
 */
export function lowestHash(score: number, weight: number): number {
  const hash = Math.floor(Math.exp(-weight / score) * 0x1_0000_0000) - 0x8000_0000 - 1;
  return Math.max(hash, -0x8000_0000);
}

/**
 * A weight scaled so that no score overflows or loses digits. It does not depend on the other
 * members, so that a score stays what it is when they change.
 *
 * @param weight A finite number above 0.
 */
export function scoringWeight(weight: number): number {
  return Math.max(weight, 1e-290) / 2 ** 34;
}
