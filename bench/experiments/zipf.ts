/**
 * Keys by Zipf's law: few are popular, many are rare.
 *
 * @module
 */
import type { Chance } from "../harness/random.ts";

/** Draws ranks from 1 up to a number of keys, rank r in proportion to 1 / r^exponent. */
export class Zipf {
  /** Share of all draws up to each rank. */
  readonly #cumulated: Float64Array;

  /**
   * @param keys number of keys
   * @param exponent 0 makes all keys equally popular
   */
  constructor(keys: number, exponent: number) {
    this.#cumulated = new Float64Array(keys);
    let sum = 0;
    for (let rank = 1; rank <= keys; rank++) this.#cumulated[rank - 1] = sum += rank ** -exponent;
    for (let at = 0; at < keys; at++) this.#cumulated[at]! /= sum;
  }

  /** Share of all draws that have a rank, from 0 to 1. */
  share(rank: number): number {
    return (this.#cumulated[rank - 1] ?? NaN) - (this.#cumulated[rank - 2] ?? 0);
  }

  /** Draws a rank. */
  draw(chance: Chance): number {
    const wanted = chance();
    let low = 0;
    for (let high = this.#cumulated.length - 1; low < high;) {
      const middle = (low + high) >> 1;
      if (this.#cumulated[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low + 1;
  }
}
