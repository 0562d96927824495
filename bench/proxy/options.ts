/**
 * The command line of `deno task bench:proxy`.
 *
 * @module
 */
import { BenchOptions } from "../harness/options.ts";

/** Its values. */
export interface Options {
  /** Names of the scenarios to run; none: all of them. */
  readonly scenario: readonly string[];
  /** Names of the proxies to run; none: all of them. */
  readonly proxy: readonly string[];
  /** Turns of each proxy in each scenario. */
  readonly rounds: number;
  /** Seconds of one measurement. */
  readonly seconds: number;
  /** Connections of the scenarios `idle` and `silent`. */
  readonly idle: number;
  /** Folder of the results, from the project's root. */
  readonly out: string;
  readonly quick: boolean;
}

/**
 * Its options.
 *
 * @param scenarios names of the groups of scenarios
 * @param proxies names of the proxies
 */
export function proxyOptions(
  scenarios: readonly string[],
  proxies: readonly string[],
): BenchOptions {
  return new BenchOptions(
    "bench:proxy",
    "Runs the balancer and its peers in front of the same upstreams, and compares them.",
    "The whole takes about twenty minutes, with --quick about five.",
  )
    .names("--scenario", "scenarios to run", scenarios)
    .names("--proxy", "proxies to run", proxies)
    .number("--rounds", "turns of each proxy in each scenario", [1, 100], { full: 3, quick: 1 })
    .number("--seconds", "length of a measurement", [1, 600], { full: 4, quick: 2 })
    .number("--idle", "connections of the scenarios idle and silent", [1, 25_000], 10_000)
    .folder("the folder of the results", "docs/bench", {
      ...{ full: "docs/bench", quick: ".run/bench-proxy" },
    })
    .flag("--quick", "one round of two seconds, and results apart from those that are kept");
}
