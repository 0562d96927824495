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
import type { WeightedMember } from "./members.ts";
import { murmur3 } from "./murmur3.ts";

/**
 * Members that a slot can go to, with what their scores are made of. Columns rather than objects:
 * the search for the best one runs over every pair of slot and member, a million of them in a ring
 * of 1000 members.
 */
export class Candidates {
  readonly #indexes: Uint16Array;
  // Two words for a name: with one, a collision of hashes in 32 bits would leave a member of layout
  // `rendezvous` without slots.
  readonly #firstWords: Int32Array;
  readonly #secondWords: Int32Array;
  readonly #weights: Float64Array;
  readonly #isWeighted: boolean;
  #count: number;

  /**
   * @param members All members in canonical order.
   * @param indexes Which of them are candidates, ascending; their weights must be above 0.
   */
  constructor(members: readonly WeightedMember[], indexes: readonly number[]) {
    const chosen = indexes.map((index) => members[index]!);
    const heaviest = chosen.reduce((most, { weight }) => Math.max(most, weight), 0);
    this.#indexes = Uint16Array.from(indexes);
    this.#firstWords = Int32Array.from(chosen, ({ name }) => murmur3(name, 1));
    this.#secondWords = Int32Array.from(chosen, ({ name }) => murmur3(name, 2));
    this.#weights = Float64Array.from(chosen, ({ weight }) => weight / heaviest);
    this.#isWeighted = this.#weights.some((weight) => weight !== 1);
    this.#count = indexes.length;
  }

  /**
   * The position of the candidate with the highest score; the first one among equals.
   *
   * @param slot The slot to find an owner for.
   */
  best(slot: number): number {
    const slotHash = hashOfSlot(slot);
    return this.#isWeighted ? this.#heaviestScore(slotHash) : this.#highestHash(slotHash);
  }

  /**
   * The index among all members of the candidate at a position.
   *
   * @param position From 0, below the number of candidates left.
   */
  memberAt(position: number): number {
    return this.#indexes[position]!;
  }

  /**
   * Takes a candidate out. The others keep their order, so that ties are settled as before.
   *
   * @param position From 0, below the number of candidates left.
   */
  remove(position: number): void {
    for (const column of [this.#indexes, this.#firstWords, this.#secondWords, this.#weights]) {
      column.copyWithin(position, position + 1, this.#count);
    }
    this.#count -= 1;
  }

  /**
   * The indexes of all candidates by descending score, equal ones in canonical order.
   *
   * @param slot The slot to rank them for.
   */
  ranked(slot: number): number[] {
    const slotHash = hashOfSlot(slot);
    const scores = Array.from({ length: this.#count }, (_, at) => this.#score(slotHash, at));
    return scores
      .map((_, position) => position)
      .sort((a, b) => scores[b]! - scores[a]! || a - b)
      .map((position) => this.memberAt(position));
  }

  #highestHash(slotHash: number): number {
    const firstWords = this.#firstWords;
    const secondWords = this.#secondWords;
    const count = this.#count;
    let best = 0;
    let highest = hashOfPair(slotHash, firstWords[0]!, secondWords[0]!);
    for (let at = 1; at < count; at++) {
      const hash = hashOfPair(slotHash, firstWords[at]!, secondWords[at]!);
      if (hash > highest) {
        highest = hash;
        best = at;
      }
    }
    return best;
  }

  #heaviestScore(slotHash: number): number {
    let best = 0;
    let highest = this.#score(slotHash, 0);
    for (let at = 1; at < this.#count; at++) {
      const score = this.#score(slotHash, at);
      if (score > highest) {
        highest = score;
        best = at;
      }
    }
    return best;
  }

  /** Grows with the hash, so that members of equal weight can be compared by their hashes. */
  #score(slotHash: number, at: number): number {
    const hash = hashOfPair(slotHash, this.#firstWords[at]!, this.#secondWords[at]!);
    const uniform = (hash + 0x8000_0000 + 0.5) / 0x1_0000_0000;
    return -this.#weights[at]! / Math.log(uniform);
  }
}

/** A signed number, as V8 compares those without a conversion. */
function hashOfPair(slotHash: number, firstWord: number, secondWord: number): number {
  const mixed = Math.imul(slotHash ^ firstWord, 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 15) ^ secondWord, 0xc2b2ae35);
}

/** Not `fmix32(slot)`, which is the order that slots are given out in. */
function hashOfSlot(slot: number): number {
  return fmix32(~slot);
}
