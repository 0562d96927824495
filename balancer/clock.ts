/**
 * The two clocks of the fleet, behind one interface so that tests can set them.
 *
 * Every decision (back-off, budgets, deadlines, quarantine, slow start, plans, heartbeats) reads a
 * monotonic clock: the machine's date may be set back or forward at any time. The wall clock is for
 * people only.
 *
 * @module
 */

/** A monotonic clock with timers, and the wall-clock date of its instants. */
export interface Clock {
  /** The present instant: whole milliseconds since an arbitrary start; never goes back. */
  now(): number;
  /**
   * The date at an instant, for people to read.
   *
   * @param instant a value of `now`
   * @returns milliseconds since the epoch, by the wall clock as it is set at present
   */
  wallClock(instant: number): number;
  /** Calls back once after `ms` milliseconds; the result cancels the timer. */
  after(ms: number, callback: () => void): () => void;
}

/**
 * A difference between the two clocks up to this, in milliseconds, is drift: the date of an instant
 * must not jitter from one reading to the next.
 */
const DRIFT_MS = 500;

/**
 * Dates of instants, equal for equal instants until the wall clock is set.
 *
 * @param now the present instant
 * @param date milliseconds since the epoch, by the wall clock
 */
export function wallClockOf(now: () => number, date: () => number): (instant: number) => number {
  let offset = date() - now();
  return (instant) => {
    const current = date() - now();
    if (Math.abs(current - offset) > DRIFT_MS) offset = current;
    return instant + offset;
  };
}

/** The present instant of this thread, in whole milliseconds. */
function monotonicNow(): number {
  return Math.floor(performance.now());
}

/** The machine's own time. `setTimeout` is monotonic, too. */
export const systemClock: Clock = {
  now: monotonicNow,
  wallClock: wallClockOf(monotonicNow, () => Date.now()),
  after: (ms, callback) => {
    const id = setTimeout(callback, ms);
    return () => clearTimeout(id);
  },
};
