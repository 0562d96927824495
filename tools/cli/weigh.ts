/**
 * `ringkeeper weigh`: changes a replica's weight.
 *
 * @module
 */
import { Argument, type Command } from "commander";
import { changedLines } from "./change_lines.ts";
import { apiOf, balancerCommand, type CommonOptions, type Manual, printAnswer } from "./command.ts";
import { weightNumber } from "./names.ts";
import { completedByReplicas } from "./replica_names.ts";

const MANUAL: Manual = {
  summary: "change the weight of a replica",
  about: "Gives a replica another weight, and so another share.",
  examples: [
    ["weigh Big 2", "twice the share of a replica of weight 1"],
    ["weigh Big 0", "drain: no new requests"],
  ],
};

/** The verb `weigh`. */
export function weighCommand(): Command {
  return balancerCommand("weigh", MANUAL)
    .addArgument(completedByReplicas(new Argument("<NAME>", "the replica")))
    .argument("<WEIGHT>", "its weight beside the others'; 0 drains: it stays and owns no slots")
    .option("--json", "print the answer of PATCH /_lb/replicas/NAME as it is")
    .action(async (name: string, weight: string, options: CommonOptions) => {
      const answer = await weigh(name, weightNumber("WEIGHT", weight), options);
      printAnswer(answer, options, changedLines);
    });
}

async function weigh(name: string, weight: number, options: CommonOptions) {
  return await (await apiOf(options)).weigh(name, weight);
}
