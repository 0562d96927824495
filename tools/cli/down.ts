/**
 * `ringkeeper down`: ends the balancer that `ringkeeper up` started.
 *
 * @module
 */
import type { Command } from "commander";
import { down } from "../up/down.ts";
import { print, printError } from "../print.ts";
import { ToolError } from "../tool.ts";
import { type Manual, verb } from "./command.ts";

const MANUAL: Manual = {
  summary: "stop the balancer and its replicas",
  about: "Ends the balancer that `ringkeeper up` started, with its replicas; requests that " +
    "run are finished first.",
  examples: [
    ["down", "stop the balancer and its replicas"],
    ["down --json", "for scripts"],
  ],
};

interface Options {
  readonly json?: true;
}

/** The verb `down`. */
export function downCommand(): Command {
  return verb("down", MANUAL)
    .option("--json", "print one JSON object; progress goes to stderr")
    .action(stop);
}

async function stop({ json }: Options): Promise<void> {
  const { ended, kept } = await down(json ? printError : print);
  if (json) print(JSON.stringify({ stopped: ended }));
  else if (ended) print("stopped");
  if (kept !== undefined) throw new ToolError(kept);
  if (!ended && !json) print("nothing runs");
}
