/**
 * One failure of one replica, from the first sign to the last request that was let go.
 *
 * @module
 */
import type { Toll } from "../../view.ts";

/** The record of a failure. Times are in milliseconds since the epoch. */
export interface Incident {
  readonly id: number;
  readonly name: string;
  /** The instance that failed; undefined where the engine could not start one. */
  readonly instance?: string;
  /** The first sign of the failure, in words. */
  readonly signal: string;
  /** How the instance ended, as the engine reported it: exit code, signal, out of memory. */
  readonly exit?: string;
  /** The last lines that the instance wrote. */
  readonly outputTail?: readonly string[];
  /** False where the replica had not been ready before: its first starts failed. */
  readonly served: boolean;
  /** Starts that failed during the incident. */
  readonly failedStarts: number;
  /** Why the last of them failed, in words. */
  readonly startFailure?: string;
  /** What the data plane had noticed about it before, how often. */
  readonly evidence: Readonly<Record<string, number>>;
  /** The first evidence against it, or the signal. */
  readonly at: number;
  /** The signal was received. */
  readonly signalAt: number;
  /** A view without it was published. */
  readonly ejectedAt?: number;
  /** Every worker routed by that view. */
  readonly unroutedAt?: number;
  /** The engine was told to create its replacement, or a spare stood in. */
  readonly createAt?: number;
  /** The engine had started it. */
  readonly startedAt?: number;
  /** It passed its first heartbeat under this name. */
  readonly readyAt?: number;
  /** Every worker routed by the view with it: held requests were released. */
  readonly releasedAt?: number;
  /** The instance that took over. */
  readonly replacement?: string;
  /** Whether that was a spare. */
  readonly spare: boolean;
  /** What became of the requests for it. */
  readonly toll: Omit<Toll, "name">;
}

/** No request was touched. */
export const NO_TOLL: Omit<Toll, "name"> = {
  held: 0,
  retried: 0,
  spilled: 0,
  lost: 0,
  broken: 0,
  longestHoldMs: 0,
};

/**
 * Two tolls as one.
 *
 * @param a one
 * @param b the other
 */
export function addTolls(a: Omit<Toll, "name">, b: Omit<Toll, "name">): Omit<Toll, "name"> {
  return {
    held: a.held + b.held,
    retried: a.retried + b.retried,
    spilled: a.spilled + b.spilled,
    lost: a.lost + b.lost,
    broken: a.broken + b.broken,
    longestHoldMs: Math.max(a.longestHoldMs, b.longestHoldMs),
  };
}
