/**
 * Whether a proxy carried the rate that it was given.
 *
 * @module
 */
import type { Sample } from "./metrics.ts";

/** A round that carried less than this share of its rate has the times of a queue that grows. */
const ENOUGH = 0.98;

/**
 * The rounds in which a proxy did not carry the rate, in words.
 *
 * @param samples of its rounds, with `load` and `rate` in requests a second
 * @returns undefined where each round carried it
 */
export function notCarried(samples: readonly Sample[]): string | undefined {
  const short = samples.flatMap(({ load = 0, rate = 0 }, at) =>
    rate < ENOUGH * load
      ? [`round ${at + 1} carried ${Math.round(rate)} of ${Math.round(load)} requests/s`]
      : []
  );
  return short.length > 0 ? short.join(", ") : undefined;
}
