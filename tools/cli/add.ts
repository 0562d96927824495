/**
 * `ringkeeper add`: adds replicas.
 *
 * @module
 */
import type { Command } from "commander";
import { wholeNumber, wrongUsage } from "../up/task_command.ts";
import type { Addition } from "./api.ts";
import { namesLine } from "./change_lines.ts";
import { apiOf, balancerCommand, type CommonOptions, type Manual, printAnswer } from "./command.ts";
import { namedReplica, weightsOf } from "./names.ts";

interface Options extends CommonOptions {
  readonly number?: number;
}

const MANUAL: Manual = {
  summary: "add replicas",
  about: "Adds replicas, and returns when they are ready and on the ring: all or none. " +
    "Without names and number it adds one. Those that are not named get the next free Server<k>.",
  examples: [
    ["add", "one replica with the next free name"],
    ["add S4 Big=3", "two by name, one of weight 3"],
    ["add -n 2", "two replicas"],
  ],
};

/** The verb `add`. */
export function addCommand(): Command {
  return balancerCommand("add", MANUAL)
    .argument("[NAME[=WEIGHT]...]", "names of new replicas, with a weight other than 1: S4 Big=3")
    .option("-n, --number <N>", "how many in all", wholeNumber("--number", 1, 4096))
    .option("--json", "print the answer of POST /add as it is")
    .action(async (names: string[], options: Options) => {
      const addition = additionOf(names, options);
      const answer = await (await apiOf(options)).add(addition);
      printAnswer(answer, options, (body) => [namesLine(body)]);
    });
}

function additionOf(names: readonly string[], { number }: Options): Addition {
  const named = names.map((text) => namedReplica("NAME", text));
  const n = number ?? Math.max(1, named.length);
  if (n < named.length) {
    throw wrongUsage("--number", `at least the number of names, which is ${named.length}`, n);
  }
  const weights = weightsOf(named);
  const weighted = Object.keys(weights).length > 0;
  return { n, hostnames: named.map(({ name }) => name), ...(weighted ? { weights } : {}) };
}
