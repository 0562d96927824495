/**
 * Rendezvous scores: the preference of a slot for a member.
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
 * Returns the hash of a slot for scores.
 *
 * @param slot The slot.
 * @returns A signed number of 32 bits.
 */
export function hashOfSlot(slot: number): number {
  // Not `fmix32(slot)`, which decides the order in which slots are assigned.
  return fmix32(~slot) | 0;
}

/**
 * Returns the two words of a name for scores: with only one, a 32-bit collision would leave a
 * member of layout `rendezvous` without slots.
 *
 * @param name The name of a member.
 */
export function wordsOf(name: string): readonly [first: number, second: number] {
  return [murmur3(name, 1), murmur3(name, 2)];
}

/**
 * Returns the hash of a slot and a member. Among members of equal weight the slot prefers the
 * highest hash.
 *
 * @param slotHash The result of `hashOfSlot`.
 * @param first The first word of the member's name.
 * @param second The second word.
 * @returns A signed number of 32 bits, as V8 compares those without a conversion.
 */
export function hashOfPair(slotHash: number, first: number, second: number): number {
  const mixed = Math.imul(slotHash ^ first, 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 15) ^ second, 0xc2b2ae35);
}

/**
 * Returns the score of a member for a slot; the slot prefers the member with the highest score.
 * Among members of equal weight a higher hash always means a higher score, so that these may be
 * compared by their hashes.
 *
 * @param hash The result of `hashOfPair`.
 * @param weight The result of `scoringWeight` for the member.
 */
export function scoreOf(hash: number, weight: number): number {
  const uniform = (hash + 0x8000_0000 + 0.5) / 0x1_0000_0000;
  return -weight / Math.log(uniform);
}

/**
 * Whether a score may be as high as another. A "no" is always right, and the check is quick,
 * because it takes no logarithm: -ln(u) is above 1 - u, and by more than all rounding.
 *
 * @param hash The result of `hashOfPair` for slot and member.
 * @param weight The result of `scoringWeight` for the member.
 * @param other The other score.
 */
export function mayScore(hash: number, weight: number, other: number): boolean {
  return weight >= other * ((0x8000_0000 - 0.5 - hash) / 0x1_0000_0000);
}

/**
 * Returns the lowest hash with which a member can reach a score, or the hash just below it.
 *
 * @param score The score, above 0.
 * @param weight The result of `scoringWeight` for the member.
 */
export function lowestHash(score: number, weight: number): number {
  const hash = Math.floor(Math.exp(-weight / score) * 0x1_0000_0000) - 0x8000_0000 - 1;
  return Math.max(hash, -0x8000_0000);
}

/**
 * Scales a weight so that no score overflows or loses digits. The result does not depend on the
 * other members, so that a score is stable when they change.
 *
 * @param weight A finite number above 0.
 */
export function scoringWeight(weight: number): number {
  return Math.max(weight, 1e-290) / 2 ** 34;
}
