/**
 * Values that a share of others do not exceed.
 *
 * @module
 */

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
