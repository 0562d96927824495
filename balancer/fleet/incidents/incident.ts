/**
 * One failure of one replica, from its first sign to the release of the last held request.
 *
 * @module
 */
import type { FailureCost } from "../../view.ts";

/** The record of a failure. Times are dates, in milliseconds since the epoch. */
export interface Incident {
  readonly id: number;
  readonly name: string;
  /** Id of the instance that failed; undefined if the engine could not start one. */
  readonly instance?: string;
  /** The first sign of the failure, as text. */
  readonly signal: string;
  /** How the instance ended, as the engine reported it: exit code, signal, out of memory. */
  readonly exit?: string;
  /** The last lines that the instance wrote. */
  readonly outputTail?: readonly string[];
  /** False if the replica had never been ready: its first starts failed. */
  readonly served: boolean;
  /** Starts that failed during the incident. */
  readonly failedStarts: number;
  /** Why the last of them failed. */
  readonly startFailure?: string;
  /** Evidence of the data plane before the incident: the count of each kind. */
  readonly evidence: Readonly<Record<string, number>>;
  /** The first evidence against the instance, or the signal. */
  readonly at: number;
  /** The signal was received. */
  readonly signalAt: number;
  /** A view without the instance was published. */
  readonly ejectedAt?: number;
  /** Every worker routed by that view. */
  readonly unroutedAt?: number;
  /** The engine began to create the replacement, or a spare took over. */
  readonly createAt?: number;
  /** The engine had started the replacement. */
  readonly startedAt?: number;
  /** The replacement passed its first heartbeat under this name. */
  readonly readyAt?: number;
  /** Every worker routed by the view with the replacement: held requests were released. */
  readonly releasedAt?: number;
  /**
   * The incident is closed. Without `releasedAt` it was not healed: the replica failed again before
   * it was ready, or was removed.
   */
  readonly endedAt?: number;
  /** Id of the replacement. */
  readonly replacement?: string;
  /** True if the replacement was a spare. */
  readonly spare: boolean;
  /** Costs of the failure for the replica's requests. */
  readonly costs: Omit<FailureCost, "name">;
}

/** A failure that cost nothing. */
export const NO_COSTS: Omit<FailureCost, "name"> = {
  held: 0,
  retried: 0,
  spilled: 0,
  lost: 0,
  broken: 0,
  longestHoldMs: 0,
};

/**
 * Adds two costs.
 *
 * @param a one cost
 * @param b another cost
 */
export function addCosts(
  a: Omit<FailureCost, "name">,
  b: Omit<FailureCost, "name">,
): Omit<FailureCost, "name"> {
  return {
    held: a.held + b.held,
    retried: a.retried + b.retried,
    spilled: a.spilled + b.spilled,
    lost: a.lost + b.lost,
    broken: a.broken + b.broken,
    longestHoldMs: Math.max(a.longestHoldMs, b.longestHoldMs),
  };
}
