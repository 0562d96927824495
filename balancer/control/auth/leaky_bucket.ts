/**
 * A bucket that leaks: so many at once, and then one more in each interval. Its state is one number,
 * the time at which it will be empty (the generic cell rate algorithm).
 *
 * @module
 */

/** The size of a bucket. */
export interface Bucket {
  /** How many go in at once. */
  readonly burst: number;
  /** How long one takes to leak out, in milliseconds. */
  readonly everyMs: number;
}

/** An empty one. */
export const EMPTY = -Infinity;

/**
 * How long until there is room for one.
 *
 * @param emptyAt when it will be empty
 * @param now milliseconds, by the same clock
 * @returns milliseconds; 0 or less where there is room
 */
export function waitMs(emptyAt: number, now: number, { burst, everyMs }: Bucket): number {
  return emptyAt - now - (burst - 1) * everyMs;
}

/**
 * Puts one in, whether there is room or not.
 *
 * @param emptyAt when it would have been empty
 * @param now milliseconds, by the same clock
 * @returns when it will be empty
 */
export function withOne(emptyAt: number, now: number, { everyMs }: Bucket): number {
  return Math.max(emptyAt, now) + everyMs;
}
