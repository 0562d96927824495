/**
 * The charts' series, as the balancer keeps them. Pure.
 *
 * @module
 */
import type { History, HistoryMark, HistorySeries } from "../../answers/history.ts";

/** Series over time; every list has one value for each time. */
export interface Charted {
  /** Seconds since the epoch. */
  readonly at: readonly number[];
  readonly series: Readonly<Record<keyof HistorySeries, readonly (number | null)[]>>;
}

/**
 * Appends newer samples, and keeps only the newest of all.
 *
 * @param before the samples so far; undefined for none
 * @param next samples that follow them
 * @param most limit on samples
 */
export function appended(
  before: Charted | undefined,
  next: Pick<History, "at" | "series">,
  most: number,
): Charted {
  const last = before?.at.at(-1) ?? 0;
  const first = next.at.findIndex((at) => at / 1000 > last);
  if (before && first === -1) return before;
  const join = <T>(old: readonly T[] | undefined, fresh: readonly T[]) =>
    [...old ?? [], ...fresh.slice(Math.max(0, first))].slice(-most);
  const names = Object.keys(next.series) as (keyof HistorySeries)[];
  return {
    at: join(before?.at, next.at.map((at) => at / 1000)),
    series: Object.fromEntries(
      names.map((name) => [name, join<number | null>(before?.series[name], next.series[name])]),
    ) as unknown as Charted["series"],
  };
}

/**
 * Replaces marks that grew, and adds new ones.
 *
 * @param before the marks so far
 * @param next newer ones
 * @param most limit on marks
 */
export function mergedMarks(
  before: readonly HistoryMark[],
  next: readonly HistoryMark[],
  most: number,
): readonly HistoryMark[] {
  if (next.length === 0) return before;
  const fresh = new Set(next.map(({ id }) => id));
  return [...before.filter(({ id }) => !fresh.has(id)), ...next]
    .sort((a, b) => a.at - b.at).slice(-most);
}

/** The sum of several series at one sample. */
export function sumAt(
  { series }: Charted,
  names: readonly (keyof HistorySeries)[],
  sample: number,
): number {
  return names.reduce((sum, name) => sum + (series[name][sample] ?? 0), 0);
}

/** Whether any of the series has a value other than 0 after a time, in seconds since the epoch. */
export function isBusy(
  { at, series }: Charted,
  names: readonly (keyof HistorySeries)[],
  since: number,
): boolean {
  for (let sample = at.length - 1; sample >= 0 && (at[sample] ?? 0) >= since; sample--) {
    if (names.some((name) => (series[name][sample] ?? 0) > 0)) return true;
  }
  return false;
}

/** The sample at a time or just before, -1 if there is none. */
export function sampleAt({ at }: Charted, time: number | undefined): number {
  return time === undefined ? at.length - 1 : at.findLastIndex((one) => one <= time);
}
