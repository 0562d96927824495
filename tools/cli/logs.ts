/**
 * `ringkeeper logs`: follows the balancer's log.
 *
 * @module
 */
import type { Command } from "commander";
import { logs } from "../up/logs.ts";
import { type Example, verb } from "./command.ts";

const ABOUT = "Follows the log of the balancer that `ringkeeper up` started, or shows the end of " +
  "the last log where none runs.";

const EXAMPLES: readonly Example[] = [["logs", "the last 100 lines, then what comes, until ^C"]];

/** The verb `logs`. */
export function logsCommand(): Command {
  return verb("logs", {
    summary: "follow the log of the balancer",
    about: ABOUT,
    examples: EXAMPLES,
  }).action(async () => Deno.exit(await logs()));
}
