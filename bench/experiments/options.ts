/**
 * The command line of `deno task experiments`.
 *
 * @module
 */
import { BenchOptions } from "../harness/options.ts";
import { PARTS } from "./parts.ts";

/** Its options. */
export const OPTIONS = new BenchOptions(
  "experiments",
  "Runs the experiments of the seed document, and more, with the real balancer.",
  "The whole takes about ten minutes. Nothing is left behind, also after Ctrl-C.",
)
  .names(
    "--only",
    "experiments to run, the others keep the figures that they have",
    PARTS.map(({ name }) => name),
  )
  .choice(
    "--engine",
    "how replicas run; stress, B-1 and B-2 always run processes: process or docker",
    ["process", "docker"],
    "process",
  )
  .folder("the folder of experiments.md and experiments/ (JSON, CSV, SVG)", "docs", "docs")
  .number(
    "--stress",
    "requests in flight in the stress test; unless given 10000, or as many as the limit of open " +
      "files, ulimit -Hn, has room for: two files each",
    [1, 20_000],
  )
  .flag("--report", "run nothing, make charts and report from the data of earlier runs");
