/**
 * `deno task status`: the fleet as a table.
 *
 * @module
 */
import { runCommand } from "../task_command.ts";
import {
  apiOf,
  balancerCommand,
  type CommonOptions,
  lookOfOutput,
  printAnswer,
} from "./command.ts";
import { statusLines } from "./status_lines.ts";

const command = balancerCommand("status", "Shows the replicas of a balancer and its ring.")
  .option("--json", "print the answer of GET /_lb/status as it is")
  .action(async (options: CommonOptions) => {
    const answer = await (await apiOf(options)).status();
    printAnswer(answer, options, (status) => statusLines(status, Date.now(), lookOfOutput()));
  });

if (import.meta.main) await runCommand(command);
