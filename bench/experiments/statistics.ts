/**
 * How far values lie apart.
 *
 * @module
 */
import { quantile } from "../harness/quantile.ts";

/** What is said of several values. */
export interface Spread {
  readonly count: number;
  readonly mean: number;
  /** Standard deviation of all of them, none left out. */
  readonly deviation: number;
  readonly min: number;
  readonly max: number;
  /** 1 where all are equal; NaN where the mean is 0. */
  readonly maxOverMean: number;
}

/** The spread of some values. */
export function spreadOf(values: readonly number[]): Spread {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const max = Math.max(...values);
  return {
    count,
    mean,
    deviation: Math.sqrt(squares / count),
    min: Math.min(...values),
    max,
    maxOverMean: max / mean,
  };
}

/** Median and maximum of some values; NaN where there are none. */
export function medianAndMax(values: readonly number[]): { p50: number; max: number } {
  const sorted = values.toSorted((a, b) => a - b);
  return { p50: quantile(sorted, 0.5), max: sorted.at(-1) ?? NaN };
}

/** How often each value occurs. */
export function countsOf(values: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
