/**
 * How many requests each replica had in hand, found from when each began and ended.
 *
 * @module
 */
import type { Outcome } from "./paced_load.ts";
import { spreadOf } from "./statistics.ts";

/** The requests in flight at one moment. */
export interface InFlight {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Of each replica. */
  readonly counts: readonly number[];
}

/**
 * Looks at the requests in flight again and again.
 *
 * @param outcomes all requests
 * @param names the replicas
 * @param span from when to when, in milliseconds since the epoch
 * @param every milliseconds between two looks
 */
export function inFlightAt(
  outcomes: readonly Outcome[],
  names: readonly string[],
  span: { readonly from: number; readonly to: number },
  every: number,
): InFlight[] {
  const looks: { at: number; counts: number[] }[] = [];
  for (let at = span.from; at < span.to; at += every) {
    looks.push({ at, counts: names.map(() => 0) });
  }
  for (const { start, end, server } of outcomes) {
    const replica = names.indexOf(server ?? "");
    const first = Math.max(0, Math.ceil((start - span.from) / every));
    for (let look = first; replica >= 0 && (looks[look]?.at ?? Infinity) < end; look++) {
      looks[look]!.counts[replica]!++;
    }
  }
  return looks;
}

/** Of each look the busiest replica's requests over the mean; looks without any left out. */
export function ratiosOf(looks: readonly InFlight[]): number[] {
  return looks.map(({ counts }) => spreadOf(counts).maxOverMean).filter(Number.isFinite);
}
