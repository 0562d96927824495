/**
 * The command line of `deno task bench:ring`.
 *
 * @module
 */
import { BenchOptions, type ValuesOf } from "../harness/options.ts";

/** Its values. */
export type Options = ValuesOf<typeof OPTIONS>;

/** Folder of the results of a full run, beside which the ring's README is written. */
export const HOME = "docs/bench";

/** Its options. */
export const OPTIONS = new BenchOptions(
  "bench:ring",
  "Compares the ring with npm packages: balance and movement of keys, and the cost.",
  `Writes DATE-ring.json, .md and .svg; a run into ${HOME} also the figures in ring/README.md.
The whole takes about five minutes, with --quick about one and a half.`,
)
  .number(
    "--rounds",
    "turns of each contestant in each race; at most 5 where one operation takes ten turns",
    [1, 1000],
    { full: 15, quick: 5 },
  )
  .number("--turn", "milliseconds of a turn", [1, 10_000], { full: 5, quick: 3 })
  .number("--keys", "different keys for balance and movement", [100, 1_000_000], {
    ...{ full: 100_000, quick: 10_000 },
  })
  .folder("the folder of the results", HOME, { full: HOME, quick: ".run/bench-ring" })
  .flag("--layouts", "only the table of layouts in ring/README.md, which needs no measuring")
  .flag("--quick", "fewer and shorter turns, fewer keys, ring/README.md left as it is");
