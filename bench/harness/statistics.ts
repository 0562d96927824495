/**
 * Statistics of measured values.
 *
 * @module
 */

/** Values summed up. */
interface Spread {
  readonly mean: number;
  /** Standard deviation of the whole population. */
  readonly deviation: number;
  readonly min: number;
  readonly max: number;
  /** 1 where all are equal; NaN where the mean is 0. */
  readonly maxOverMean: number;
}

/** The spread of some values. */
export function spreadOf(values: readonly number[]): Spread {
  const mean = sum(values) / values.length;
  const variance = sum(values.map((value) => (value - mean) ** 2)) / values.length;
  const [min, max] = [Math.min(...values), Math.max(...values)];
  return { mean, deviation: Math.sqrt(variance), min, max, maxOverMean: max / mean };
}

/** The sum of some values. */
export function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}

/**
 * The smallest of some values that a share of them do not exceed (nearest rank).
 *
 * @param sorted the values, ascending
 * @param share from 0 to 1; 1 is the greatest
 * @returns NaN where there are none
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

/** Median (nearest rank) and maximum of some values; NaN where there are none. */
export function medianAndMax(values: readonly number[]): { p50: number; max: number } {
  const sorted = values.toSorted((a, b) => a - b);
  return { p50: quantile(sorted, 0.5), max: quantile(sorted, 1) };
}

/** The middle of some values; of an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [lower = NaN, upper = NaN] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (lower + upper) / 2;
}

/** How often each value occurs. */
export function countsOf(values: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
