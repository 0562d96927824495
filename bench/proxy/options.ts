/**
 * The command line of `deno task bench:proxy`.
 *
 * @module
 */
import { BenchOptions, type ValuesOf } from "../harness/options.ts";

/** Its values; without names of scenarios or proxies all of them run. */
export type Options = ValuesOf<ReturnType<typeof proxyOptions>>;

/**
 * Its options.
 *
 * @param scenarios names of the groups of scenarios
 * @param proxies names of the proxies
 */
// deno-lint-ignore explicit-module-boundary-types -- the options' names are part of the type
export function proxyOptions(scenarios: readonly string[], proxies: readonly string[]) {
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
    .results("bench-proxy", "one round of two seconds, and results apart from those that are kept");
}
