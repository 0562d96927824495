/**
 * Rates and shares out of counters. Pure.
 *
 * @module
 */
import type { Load } from "../../answers/load.ts";

/** What the charts show of one moment; all but `holding` per second. */
export interface Point {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly requests: number;
  readonly errors: number;
  readonly held: number;
  readonly retried: number;
  /** Requests that wait right now. */
  readonly holding: number;
}

/**
 * The rates between two readings.
 *
 * @param before the earlier one
 * @param after the later one
 * @returns undefined where nothing can be said: no time went by, or the balancer began anew
 */
export function ratesBetween(before: Load, after: Load): Point | undefined {
  const seconds = (after.at - before.at) / 1000;
  if (seconds <= 0 || after.requests < before.requests) return undefined;
  const rate = (key: "requests" | "errors" | "held" | "retried") =>
    Math.max(0, after[key] - before[key]) / seconds;
  return {
    at: after.at / 1000,
    requests: rate("requests"),
    errors: rate("errors"),
    held: rate("held"),
    retried: rate("retried"),
    holding: after.holding,
  };
}

/**
 * Who answered which part of the requests between two readings.
 *
 * @param before the earlier one
 * @param after the later one
 * @returns shares from 0 to 1 by name; empty where there was no request
 */
export function sharesBetween(before: Load, after: Load): ReadonlyMap<string, number> {
  const counts = Object.entries(after.replicas).map(([name, { requests }]) => {
    const was = before.replicas[name]?.requests ?? 0;
    // A counter that went back belongs to a new life of the balancer.
    return [name, requests < was ? requests : requests - was] as const;
  });
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  return new Map(all === 0 ? [] : counts.map(([name, count]) => [name, count / all]));
}

/**
 * Adds to a list that keeps its newest.
 *
 * @param list the list so far
 * @param item what comes
 * @param most how many are kept
 */
export function kept<T>(list: readonly T[], item: T, most: number): readonly T[] {
  return [...list.slice(Math.max(0, list.length + 1 - most)), item];
}
