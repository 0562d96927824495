/**
 * The buckets of the latency scale: ten for each power of ten, spaced as preferred numbers (ISO 3,
 * R10), so that a quantile is accurate to a few percent and every bound is a short decimal.
 *
 * @module
 */

const STEPS = [1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.4, 8];

/** Powers of ten that are covered, from ten microseconds up to a hundred seconds. */
const DECADES = 7;

/** Upper bounds of the buckets in microseconds, inclusive; one more bucket holds longer times. */
export const BOUNDS_US: Float64Array = Float64Array.from(
  { length: DECADES * STEPS.length + 1 },
  (_, i) => STEPS[i % STEPS.length]! * 10 ** (1 + Math.floor(i / STEPS.length)),
);

/** Number of buckets. */
export const STEP_COUNT: number = BOUNDS_US.length + 1;

/** First possible bucket, by the number of leading zeros of a time in whole microseconds. */
const FIRST = Uint8Array.from({ length: 33 }, (_, zeros) => firstStep(zeros));

function firstStep(zeros: number): number {
  const shortest = zeros === 32 ? 0 : 2 ** (31 - zeros);
  const step = BOUNDS_US.findIndex((bound) => bound >= shortest);
  return step === -1 ? BOUNDS_US.length : step;
}

/** Microseconds above every bound that are still a whole number of 31 bits. */
const LONGEST_US = 2 ** 30;

/**
 * Returns the index of a time's bucket.
 *
 * @param ms the time in milliseconds
 */
export function stepOf(ms: number): number {
  const us = ms * 1000;
  if (!(us < LONGEST_US)) return BOUNDS_US.length;
  let step = FIRST[Math.clz32(us)]!;
  while (step < BOUNDS_US.length && us > BOUNDS_US[step]!) step++;
  return step;
}

/**
 * Returns a quantile of bucketed times, assuming an even distribution within a bucket.
 *
 * @param counts number of times in each bucket
 * @param share from 0 to 1
 * @returns milliseconds; null if all buckets are empty
 */
export function quantileMs(counts: ArrayLike<number>, share: number): number | null {
  let total = 0;
  for (let step = 0; step < STEP_COUNT; step++) total += counts[step]!;
  if (total === 0) return null;
  let left = share * total;
  for (let step = 0; step < BOUNDS_US.length; step++) {
    const count = counts[step]!;
    if (count > 0 && left <= count) return within(step, left / count);
    left -= count;
  }
  return BOUNDS_US.at(-1)! / 1000;
}

function within(step: number, part: number): number {
  const lower = step === 0 ? 0 : BOUNDS_US[step - 1]!;
  return (lower + part * (BOUNDS_US[step]! - lower)) / 1000;
}
