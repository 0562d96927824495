/**
 * Rates and shares from counters. Pure.
 *
 * @module
 */
import type { Load } from "../../answers/load.ts";

/** One sample of the charts; all values but `holding` are per second. */
export interface Point {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly requests: number;
  readonly errors: number;
  readonly held: number;
  readonly retried: number;
  /** Requests that are waiting now. */
  readonly holding: number;
}

/**
 * Returns the rates between two readings.
 *
 * @param before the earlier one
 * @param after the later one
 * @returns undefined if no rate exists: no time has passed, or the balancer restarted
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
 * Returns each replica's share of the requests between two readings.
 *
 * @param before the earlier one
 * @param after the later one
 * @returns shares from 0 to 1 by name; empty without requests
 */
export function sharesBetween(before: Load, after: Load): ReadonlyMap<string, number> {
  const counts = Object.entries(after.replicas).map(([name, { requests }]) => {
    const was = before.replicas[name]?.requests ?? 0;
    // A counter that went back means that the balancer restarted.
    return [name, requests < was ? requests : requests - was] as const;
  });
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  return new Map(all === 0 ? [] : counts.map(([name, count]) => [name, count / all]));
}

/**
 * Appends to a list that keeps only its newest items.
 *
 * @param list the list so far
 * @param item the new item
 * @param most limit on items
 */
export function kept<T>(list: readonly T[], item: T, most: number): readonly T[] {
  return [...list.slice(Math.max(0, list.length + 1 - most)), item];
}
