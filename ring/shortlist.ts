/**
 * The search for the members that a slot prefers.
 *
 * @module
 */

import { hashOfPair, lowestHash } from "./scores.ts";
import type { Seats } from "./seats.ts";

/** No hash of 32 bits but one is as high, and that one does not pass the second look. */
const NEVER = 0x7fff_ffff;

/**
 * Those members who are worth a close look for a slot: all whose score is above a bar that about as
 * many pass as are wanted. For each member the bar is a hash, so that the search through all of them
 * compares whole numbers, and works out no logarithm, whatever the weights.
 */
export class Shortlist {
  /** The seats that the last search found, with what it left behind of earlier ones. */
  readonly found: Uint16Array;
  readonly #seats: Seats;
  readonly #bar: number;
  readonly #lowestHashes: Int32Array;

  /**
   * @param seats The members.
   * @param wanted How many are wanted on average, or Infinity for all.
   */
  constructor(seats: Seats, wanted: number) {
    this.#seats = seats;
    this.#bar = barOf(seats, wanted);
    this.found = new Uint16Array(seats.count);
    this.#lowestHashes = new Int32Array(seats.count);
    for (let seat = 0; seat < seats.count; seat++) {
      const weight = seats.weights[seat]!;
      this.#lowestHashes[seat] = weight > 0 ? lowestHash(this.#bar, weight) : NEVER;
    }
  }

  /**
   * Searches for who may pass the bar.
   *
   * @param slotHash The slot's hash.
   * @returns How many it found; some may fail in {@linkcode Shortlist.passes}.
   */
  search(slotHash: number): number {
    const { firstWords, secondWords, count } = this.#seats;
    const lowestHashes = this.#lowestHashes;
    const found = this.found;
    let length = 0;
    for (let seat = 0; seat < count; seat++) {
      const hash = hashOfPair(slotHash, firstWords[seat]!, secondWords[seat]!);
      if (hash >= lowestHashes[seat]!) found[length++] = seat;
    }
    return length;
  }

  /**
   * Whether somebody who was found passes the bar: hashes are whole numbers, and a bar between two
   * of them is passed by the lower one in the search. Who was not found has a lower score than who
   * passes.
   *
   * @param seat The seat.
   * @param score The score for the slot.
   */
  passes(seat: number, score: number): boolean {
    // Among members of equal weight the search compared what the scores are: the hashes.
    return this.#seats.weights[seat]! > 0 && (!this.#seats.isWeighted || score >= this.#bar);
  }
}

/** The score that about so many members have. */
function barOf(seats: Seats, wanted: number): number {
  if (seats.taken <= 2 * wanted) return 0;
  let bar = sumOf(seats.weights) / wanted;
  // The sum counts a member of a large weight as many, who is one.
  while (expectedAbove(bar, seats.weights) < wanted * 0.9) bar /= 2;
  return bar;
}

function sumOf(weights: Float64Array): number {
  let sum = 0;
  for (let seat = 0; seat < weights.length; seat++) sum += weights[seat]!;
  return sum;
}

/** How many members have a score above a bar on average. */
function expectedAbove(bar: number, weights: Float64Array): number {
  let expected = 0;
  for (let seat = 0; seat < weights.length; seat++) expected += 1 - Math.exp(-weights[seat]! / bar);
  return expected;
}
