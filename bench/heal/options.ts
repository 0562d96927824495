/**
 * The command line of `deno task bench:heal`.
 *
 * @module
 */
import { BenchOptions, type ValuesOf } from "../harness/options.ts";

/** Its values; without names of parts all of them run. */
export type Options = ValuesOf<ReturnType<typeof healOptions>>;

/** Its options. @param parts names of all parts */
// deno-lint-ignore explicit-module-boundary-types -- the options' names are part of the type
export function healOptions(parts: readonly string[]) {
  return new BenchOptions(
    "bench:heal",
    "Kills replicas under a mixed load and measures the cost of each failure, beside HAProxy.",
    `The whole takes about 20 minutes, with --quick about five. Nothing is left behind, also after
Ctrl-C. The Docker Engine is not restarted: that would take the containers of others along.`,
  )
    .names("--only", "parts to run", parts)
    .number("--kills", "kills of replicas for each contestant", [1, 10_000], { full: 50, quick: 5 })
    .number("--pause", "replicas that are made to hang by docker pause", [1, 10_000], {
      ...{ full: 20, quick: 3 },
    })
    .number("--balancer-kills", "kills of the balancer for each engine", [1, 10_000], {
      ...{ full: 20, quick: 3 },
    })
    .number("--seconds", "load before the first failure and after the last", [1, 600], {
      ...{ full: 5, quick: 2 },
    })
    .number(
      "--rest",
      "seconds that a replica has been in the ring before it is struck again; at least 10 for " +
        "HAProxy, because Docker's restart=always slows down for containers that lived shorter",
      [0, 600],
      1,
    )
    .number("--seed", "seed of all choices", [0, 999_999_999], 1)
    .results("bench-heal", "few kills, and results apart from those that are kept");
}
