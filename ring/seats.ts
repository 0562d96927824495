/**
 * Member numbers that are stable while other members come and go.
 *
 * @module
 */

import type { WeightedMember } from "./members.ts";
import { hashOfPair, mayScore, scoreOf, scoringWeight, wordsOf } from "./scores.ts";

/** The seats that {@linkcode Seats.seat} changed. */
interface Reseated {
  /** Seats whose member left; some may already have another. */
  readonly left: readonly number[];
  /** Seats whose member has joined. */
  readonly taken: readonly number[];
}

/**
 * A seat for each member that has a weight. An index in canonical order changes when other members
 * join or leave; a seat does not, so that data about a member can be stored under its seat. Columns
 * rather than objects, because the search for the best one runs over every pair of slot and member,
 * millions of them in a ring of 1000 members.
 */
export class Seats {
  /** For each seat the first word of its member's name. */
  firstWords: Int32Array = new Int32Array(0);
  /** For each seat the second word of its member's name. */
  secondWords: Int32Array = new Int32Array(0);
  /** For each seat the scoring weight of its member; 0 for an empty seat. */
  weights: Float64Array = new Float64Array(0);
  /** For each seat its member's index in canonical order. */
  indexes: Uint16Array = new Uint16Array(0);
  /** The number of seats, including empty ones. */
  count = 0;

  readonly #seats = new Map<string, number>();
  readonly #vacant: number[] = [];
  #isWeighted = false;

  /** The number of members with a seat. */
  get taken(): number {
    return this.#seats.size;
  }

  /** Whether the members differ in weight. */
  get isWeighted(): boolean {
    return this.#isWeighted;
  }

  /**
   * Assigns seats to exactly these members. A member keeps its seat unless its weight changed.
   *
   * @param members All members in canonical order; those of weight 0 get no seat.
   */
  seat(members: readonly WeightedMember[]): Reseated {
    const joining = this.#recognise(members);
    const left = this.#dismiss(members);
    const taken = joining.map((index) => this.#take(members[index]!, index));
    this.#isWeighted = differ(members);
    return { left, taken };
  }

  /**
   * Returns the score of a member for a slot, comparable only with scores for the same slot.
   *
   * @param slotHash The slot's hash.
   * @param seat The member's seat.
   */
  score(slotHash: number, seat: number): number {
    const hash = hashOfPair(slotHash, this.firstWords[seat]!, this.secondWords[seat]!);
    return this.#isWeighted ? scoreOf(hash, this.weights[seat]!) : hash;
  }

  /**
   * Whether a score may be as high as another, at less cost than computing the score. Few are.
   *
   * @param slotHash The slot's hash.
   * @param seat The member's seat.
   * @param other The other score.
   */
  mayReach(slotHash: number, seat: number, other: number): boolean {
    const hash = hashOfPair(slotHash, this.firstWords[seat]!, this.secondWords[seat]!);
    return this.#isWeighted ? mayScore(hash, this.weights[seat]!, other) : hash >= other;
  }

  /**
   * Whether a slot prefers one member to another: of equal scores, the member that is first in
   * canonical order.
   *
   * @param score The score of the one.
   * @param seat Its seat.
   * @param otherScore The score of the other.
   * @param other Its seat.
   */
  isPreferred(score: number, seat: number, otherScore: number, other: number): boolean {
    return score > otherScore ||
      score === otherScore && this.indexes[seat]! < this.indexes[other]!;
  }

  /** Updates the indexes of seated members and returns those of the others. */
  #recognise(members: readonly WeightedMember[]): number[] {
    const joining: number[] = [];
    for (let index = 0; index < members.length; index++) {
      const { name, weight } = members[index]!;
      const seat = this.#seats.get(name);
      if (seat !== undefined) this.indexes[seat] = index;
      if (weight > 0 && !this.#hasWeight(seat, weight)) joining.push(index);
    }
    return joining;
  }

  /** Frees the seats of members that left or changed their weight. */
  #dismiss(members: readonly WeightedMember[]): number[] {
    const left: number[] = [];
    for (const [name, seat] of this.#seats) {
      // The indexes of present members, and only of those, are already up to date.
      const member = members[this.indexes[seat]!];
      if (member?.name === name && this.#hasWeight(seat, member.weight)) continue;
      this.#seats.delete(name);
      this.weights[seat] = 0;
      left.push(seat);
    }
    this.#vacant.push(...left);
    return left;
  }

  #hasWeight(seat: number | undefined, weight: number): boolean {
    return seat !== undefined && weight > 0 && this.weights[seat] === scoringWeight(weight);
  }

  #take({ name, weight }: WeightedMember, index: number): number {
    const seat = this.#vacant.pop() ?? this.#append();
    this.#seats.set(name, seat);
    [this.firstWords[seat], this.secondWords[seat]] = wordsOf(name);
    this.weights[seat] = scoringWeight(weight);
    this.indexes[seat] = index;
    return seat;
  }

  #append(): number {
    if (this.count === this.weights.length) this.#grow(Math.max(8, 2 * this.count));
    return this.count++;
  }

  #grow(capacity: number): void {
    this.firstWords = copied(this.firstWords, new Int32Array(capacity));
    this.secondWords = copied(this.secondWords, new Int32Array(capacity));
    this.weights = copied(this.weights, new Float64Array(capacity));
    this.indexes = copied(this.indexes, new Uint16Array(capacity));
  }
}

function copied<Column extends { set(values: Column): void }>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}

function differ(members: readonly WeightedMember[]): boolean {
  let first = 0;
  for (let index = 0; index < members.length; index++) {
    const { weight } = members[index]!;
    if (weight === 0 || weight === first) continue;
    if (first > 0) return true;
    first = weight;
  }
  return false;
}
