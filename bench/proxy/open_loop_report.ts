/**
 * The moments of an open loop's requests, and the summary of their times.
 *
 * @module
 */
import type { Chance } from "../harness/random.ts";
import { quantile } from "../harness/statistics.ts";
import type { OpenLoopReport } from "./open_loop.ts";

/** Milliseconds at the beginning that do not count. */
const SETTLE_MS = 500;

/** The requests of an open loop and their fates. */
interface OpenLoop {
  /** When each was due, in milliseconds, ascending. */
  readonly due: Float64Array;
  /** Milliseconds from then to its response; NaN without one. */
  readonly times: Float64Array;
  /** Milliseconds that the generator itself was late. */
  readonly lags: Float64Array;
  readonly failed: number;
}

/**
 * Moments of a Poisson process: independent clients, with exponential pauses between two requests.
 *
 * @param rate requests a second
 * @param seconds the length
 * @param draw the source of chance
 * @returns milliseconds from the beginning
 */
export function arrivals(rate: number, seconds: number, draw: Chance): Float64Array {
  const moments: number[] = [];
  for (let at = 0;;) {
    at -= Math.log(1 - draw()) * 1000 / rate;
    if (at >= seconds * 1000) return Float64Array.from(moments);
    moments.push(at);
  }
}

/**
 * Sums up the requests. One without a response counts in the quantiles as the slowest.
 *
 * @param loop the requests; those that were due in the first half second are left out
 */
export function reportOf({ due, times, lags, failed }: OpenLoop): OpenLoopReport {
  const from = Math.max(0, due.findIndex((at) => at >= SETTLE_MS));
  const counted = times.subarray(from).map((time) => isNaN(time) ? Infinity : time).sort();
  const waits = lags.slice(from).sort();
  const end = due.at(-1) ?? 0;
  const done = times.reduce((sum, time, at) => sum + Number((due[at] ?? 0) + time <= end), 0);
  const finite = counted.map((time) => time === Infinity ? end : time);
  return {
    offered: due.length / end * 1000,
    carried: done / end * 1000,
    p50: quantile(finite, 0.5),
    p99: quantile(finite, 0.99),
    slowest: quantile(finite, 1),
    lag: quantile(waits, 0.99),
    failed,
  };
}
