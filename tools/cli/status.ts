/**
 * `ringkeeper status`: the fleet as a table.
 *
 * @module
 */
import type { Command } from "commander";
import { apiOf, balancerCommand, type CommonOptions, type Manual, printAnswer } from "./command.ts";
import { statusLines } from "./status_lines.ts";

const MANUAL: Manual = {
  summary: "replicas, their state and the ring",
  about: "Shows the replicas of a balancer and its ring.",
  examples: [
    ["status", "the fleet as a table"],
    ["status --json", "the answer of GET /_lb/status"],
  ],
};

/** The verb `status`. */
export function statusCommand(): Command {
  return balancerCommand("status", MANUAL)
    .option("--json", "print the answer of GET /_lb/status as it is")
    .action(async (options: CommonOptions) => {
      const answer = await (await apiOf(options)).status();
      printAnswer(answer, options, (status, look) => statusLines(status, Date.now(), look));
    });
}
