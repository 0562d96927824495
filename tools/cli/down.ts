/**
 * `ringkeeper down`: ends what `ringkeeper up` started.
 *
 * @module
 */
import type { Command } from "commander";
import { down } from "../up/down.ts";
import { say } from "../print.ts";
import { ToolError } from "../tool.ts";
import { type Example, verb } from "./command.ts";

const ABOUT = "Ends the balancer that `ringkeeper up` started, with its replicas; requests that " +
  "run are finished first.";

const EXAMPLES: readonly Example[] = [["down", "stop the balancer and its replicas"]];

/** The verb `down`. */
export function downCommand(): Command {
  return verb("down", { summary: "stop what `up` started", about: ABOUT, examples: EXAMPLES })
    .action(stop);
}

async function stop(): Promise<void> {
  const { ended, kept } = await down(say);
  if (ended) say("stopped");
  if (kept !== undefined) throw new ToolError(kept);
  if (!ended) say("nothing runs");
}
