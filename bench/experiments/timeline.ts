/**
 * What the load saw around one moment.
 *
 * @module
 */
import type { Outcome } from "./paced_load.ts";

/** Answers counted by time and by replica. */
export interface Bins {
  /** Milliseconds that one counts for. */
  readonly width: number;
  /** Milliseconds from the moment to the beginning of the first. */
  readonly from: number;
  /** By replica: answers in each. */
  readonly counts: Readonly<Record<string, readonly number[]>>;
}

/**
 * Counts answers by when they came.
 *
 * @param outcomes all requests
 * @param names the replicas to count for
 * @param moment milliseconds since the epoch; 0 of the result's times
 * @param span from when to when, in milliseconds around the moment
 * @param width milliseconds that one bin takes
 */
export function binsOf(
  outcomes: readonly Outcome[],
  names: readonly string[],
  moment: number,
  span: { readonly from: number; readonly to: number },
  width: number,
): Bins {
  const length = Math.round((span.to - span.from) / width);
  const counts: Record<string, number[]> = {};
  for (const name of names) counts[name] = new Array<number>(length).fill(0);
  for (const { end, server } of outcomes) {
    const at = Math.floor((end - moment - span.from) / width);
    const bins = counts[server ?? ""];
    if (bins && at >= 0 && at < length) bins[at]!++;
  }
  return { width, from: span.from, counts };
}

/**
 * Answers of each replica between two moments.
 *
 * @param outcomes all requests
 * @param names the replicas
 * @param from milliseconds since the epoch
 * @param to milliseconds since the epoch, no longer counted
 */
export function answersBetween(
  outcomes: readonly Outcome[],
  names: readonly string[],
  from: number,
  to: number,
): number[] {
  const within = outcomes.filter(({ end }) => end >= from && end < to);
  return names.map((name) => within.filter(({ server }) => server === name).length);
}

/** A request as a dot: when it was sent, how long it took (milliseconds), and who answered. */
export type Dot = readonly [sent: number, took: number, server: string];

/** The requests that were sent in a span around a moment. */
export function dotsOf(
  outcomes: readonly Outcome[],
  moment: number,
  span: { readonly from: number; readonly to: number },
): Dot[] {
  const tenth = (ms: number) => Math.round(10 * ms) / 10;
  return outcomes
    .map(({ start, end, server = "" }): Dot => [tenth(start - moment), tenth(end - start), server])
    .filter(([sent]) => sent >= span.from && sent < span.to);
}
