/**
 * The search for the members that a slot prefers.
 *
 * @module
 */

import { hashOfPair, lowestHash } from "./scores.ts";
import type { Seats } from "./seats.ts";

/** Only one 32-bit hash is as high, and that one fails the second check. */
const NEVER = 0x7fff_ffff;

/**
 * The members to examine closely for a slot: all whose score is above a bar that about `wanted`
 * members pass. For each member the bar is converted to a hash, so that the search compares
 * integers and takes no logarithm, with any weights.
 */
export class Shortlist {
  /** The seats that the last search found, followed by leftovers of earlier searches. */
  readonly found: Uint16Array;
  readonly #seats: Seats;
  readonly #bar: number;
  readonly #lowestHashes: Int32Array;

  /**
   * @param seats The members.
   * @param wanted The average number of members to find, or Infinity for all.
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
   * Searches for members that may pass the bar.
   *
   * @param slotHash The slot's hash.
   * @returns The number of members found; some may fail in {@linkcode Shortlist.passes}.
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
   * Whether a found member passes the bar. Hashes are integers, so the search rounds a bar between
   * two hashes down and may find too many. A member that was not found has a lower score than any
   * that passes.
   *
   * @param seat The seat.
   * @param score The score for the slot.
   */
  passes(seat: number, score: number): boolean {
    // Among members of equal weight the hashes that the search compared have the order of the
    // scores.
    return this.#seats.weights[seat]! > 0 && (!this.#seats.isWeighted || score >= this.#bar);
  }
}

/** Returns the score that about `wanted` members reach. */
function barOf(seats: Seats, wanted: number): number {
  if (seats.taken <= 2 * wanted) return 0;
  let bar = sumOf(seats.weights) / wanted;
  // The sum counts a member of a large weight several times.
  while (expectedAbove(bar, seats.weights) < wanted * 0.9) bar /= 2;
  return bar;
}

function sumOf(weights: Float64Array): number {
  let sum = 0;
  for (let seat = 0; seat < weights.length; seat++) sum += weights[seat]!;
  return sum;
}

/** Returns the expected number of members with a score above the bar. */
function expectedAbove(bar: number, weights: Float64Array): number {
  let expected = 0;
  for (let seat = 0; seat < weights.length; seat++) expected += 1 - Math.exp(-weights[seat]! / bar);
  return expected;
}
