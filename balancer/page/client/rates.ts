/**
 * Shares from counters. Pure.
 *
 * @module
 */
import type { Load } from "../../answers/load.ts";

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
