/**
 * A leaky bucket: a burst, then one event in each interval. The state is one number, the time at
 * which the bucket will be empty (the generic cell rate algorithm).
 *
 * @module
 */

/** The parameters of a bucket. */
export interface Bucket {
  /** Events that fit in at once. */
  readonly burst: number;
  /** Milliseconds in which one event leaks out. */
  readonly everyMs: number;
}

/** The state of an empty bucket. */
export const EMPTY = -Infinity;

/**
 * Returns the time until the bucket has room for one event.
 *
 * @param emptyAt when the bucket will be empty
 * @param now milliseconds, by the same clock
 * @returns milliseconds; 0 or less if there is room now
 */
export function waitMs(emptyAt: number, now: number, { burst, everyMs }: Bucket): number {
  return emptyAt - now - (burst - 1) * everyMs;
}

/**
 * Adds one event, even without room for it.
 *
 * @param emptyAt when the bucket would have been empty
 * @param now milliseconds, by the same clock
 * @returns when the bucket will be empty
 */
export function withOne(emptyAt: number, now: number, { everyMs }: Bucket): number {
  return Math.max(emptyAt, now) + everyMs;
}
