/**
 * Chance that can be repeated.
 *
 * @module
 */

/** Draws numbers from 0 up to 1. */
export type Chance = () => number;

/**
 * The same numbers for the same seed (mulberry32).
 *
 * @param seed a whole number
 */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

/** One of several at random. */
export function oneOf<T>(all: readonly T[], draw: Chance): T {
  const one = all[Math.floor(draw() * all.length)];
  if (one === undefined) throw new RangeError("there is none to choose from");
  return one;
}
