/**
 * `ringkeeper apply`: applies a plan that was shown before.
 *
 * @module
 */
import type { Command } from "commander";
import { changedLine } from "./change_lines.ts";
import { apiOf, balancerCommand, type CommonOptions, type Manual, printAnswer } from "./command.ts";

const MANUAL: Manual = {
  summary: "carry out a plan",
  about: "Applies a plan that `ringkeeper plan` showed in the last ten minutes, unless " +
    "the fleet has changed since.",
  examples: [["apply 85f3b670", "carry out the plan of this id"]],
};

/** The verb `apply`. */
export function applyCommand(): Command {
  return balancerCommand("apply", MANUAL)
    .argument("<PLAN>", "the id that ringkeeper plan printed")
    .option("--json", "print the answer of POST /_lb/apply as it is")
    .action(async (plan: string, options: CommonOptions) => {
      const answer = await (await apiOf(options)).apply(plan);
      printAnswer(answer, options, (body) => [changedLine(body)]);
    });
}
