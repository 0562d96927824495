/**
 * `ringkeeper rm`: removes replicas.
 *
 * @module
 */
import { Argument, type Command } from "commander";
import { wholeNumber, wrongUsage } from "../up/task_command.ts";
import { ToolError, USAGE } from "../tool.ts";
import type { Removal } from "./api.ts";
import { namesLine } from "./change_lines.ts";
import { apiOf, balancerCommand, type CommonOptions, type Manual, printAnswer } from "./command.ts";
import { completedByReplicas } from "./replica_names.ts";

interface Options extends CommonOptions {
  readonly number?: number;
}

const MANUAL: Manual = {
  summary: "remove replicas",
  about: "Removes replicas, and returns when they are drained and gone: all or none.",
  examples: [
    ["rm S4", "the replica S4"],
    ["rm -n 2", "the two newest replicas"],
  ],
};

/** The verb `rm`. */
export function rmCommand(): Command {
  return balancerCommand("rm", MANUAL)
    .addArgument(completedByReplicas(new Argument("[NAME...]", "replicas to remove")))
    .option(
      "-n, --number <N>",
      "how many in all; those that are not named are the newest",
      wholeNumber("--number", 1, 4096),
    )
    .option("--json", "print the answer of DELETE /rm as it is")
    .action(async (names: string[], options: Options) => {
      const removal = removalOf(names, options);
      const answer = await (await apiOf(options)).remove(removal);
      printAnswer(answer, options, (body) => [namesLine(body)]);
    });
}

/** Without any argument no replica is removed. */
function removalOf(
  hostnames: readonly string[],
  { number: n = hostnames.length }: Options,
): Removal {
  if (n === 0) throw new ToolError("NAME, or --number N for the newest, must be given", USAGE);
  if (n < hostnames.length) {
    throw wrongUsage("--number", `at least the number of names, which is ${hostnames.length}`, n);
  }
  return { n, hostnames };
}
