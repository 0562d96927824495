/**
 * `ringkeeper plan`: shows the effect of a change, and applies it.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { print } from "../print.ts";
import { wholeNumber, wrongUsage } from "../up/task_command.ts";
import { ToolError, USAGE } from "../tool.ts";
import type { Api, ChangeRequest } from "./api.ts";
import { changedLine, planHint, planLines } from "./change_lines.ts";
import { apiOf, balancerCommand, type CommonOptions, type Manual, printAnswer } from "./command.ts";
import { completedByReplicas } from "./replica_names.ts";
import { withShapeOptions } from "./shape.ts";
import { type ChangeOptions, changeRequestOf } from "./change_request.ts";

interface Options extends CommonOptions, ChangeOptions {
  /** The id of a plan that was shown before; true: apply the plan that is made now. */
  readonly apply?: string | true;
}

const several = (text: string, before: readonly string[] = []) => [...before, text];

const MANUAL: Manual = {
  summary: "what a change would move; --apply makes it",
  about:
    "Shows the keys that a change of the fleet or of the ring would move, without making it. " +
    "With --apply the change is made afterwards; with --apply PLAN alone, the change of an " +
    "earlier plan, unless the fleet has changed since.",
  examples: [
    ["plan --add 2 --remove S4", "what that would move"],
    ["plan --slots 1024 --apply", "show it, then do it"],
  ],
};

/** The verb `plan`. */
export function planCommand(): Command {
  const command = balancerCommand("plan", MANUAL)
    .option(
      "--add <N>",
      "number of replicas to add (default: as many as there are --name)",
      wholeNumber("--add", 1, 999_999_999),
    )
    .option("--name <NAME[=WEIGHT]>", "name of one that is added; may be repeated", several)
    .addOption(
      completedByReplicas(new Option("--remove <NAME>", "remove a replica; may be repeated"))
        .argParser(several),
    )
    .addOption(
      completedByReplicas(
        new Option("--weight <NAME=WEIGHT>", "give a replica a weight; may be repeated"),
        "=",
      ).argParser(several),
    );
  return withShapeOptions(command)
    .option(
      "--apply [PLAN]",
      "make the change; alone and with an id, that of the earlier " +
        "plan",
    )
    .option("--json", "print the answers of POST /_lb/plan and /_lb/apply as they are, a line each")
    .action(async (options: Options) => {
      const request = changeRequestOf(options);
      if (Object.keys(request).length > 0) return await planAndApply(request, options);
      if (typeof options.apply !== "string") {
        throw new ToolError("an option that names the change must be given", USAGE);
      }
      await apply(await apiOf(options), options.apply, options);
    });
}

async function planAndApply(request: ChangeRequest, options: Options): Promise<void> {
  if (typeof options.apply === "string") {
    throw wrongUsage(
      "--apply",
      "given alone with the id of a plan, which contains the change",
      options.apply,
    );
  }
  const api = await apiOf(options);
  const plan = await api.plan(request);
  printAnswer(plan, options, planLines);
  if (options.apply) return await apply(api, plan.body.message.id, options);
  if (!options.json) print(`\n${planHint(plan.body)}`);
}

async function apply(api: Api, plan: string, options: Options): Promise<void> {
  const answer = await api.apply(plan);
  printAnswer(answer, options, (body) => [changedLine(body)]);
}
