/**
 * `ringkeeper settings`: lists every setting with its value in this environment.
 *
 * @module
 */
import { Argument, type Command } from "commander";
import { print } from "../print.ts";
import { ToolError, USAGE } from "../tool.ts";
import { REFUSED } from "./api_errors.ts";
import { type Example, lookOfOutput, verb } from "./command.ts";
import { completedBy } from "./completion_sources.ts";

interface Options {
  readonly changed?: true;
  readonly json?: true;
}

const ABOUT = "Shows every setting with its value in this environment, which is what `ringkeeper " +
  "up` starts a balancer with; a balancer that runs has the settings of the environment that it " +
  "was started in. With names it says what these settings are for. Ends with 1 where a value " +
  "cannot be used.";

const EXAMPLES: readonly Example[] = [
  ["settings", "all of them"],
  ["settings --changed", "what the environment sets"],
  ["settings LB_KEY hold", "what these two are for"],
];

/** The verb `settings`. */
export function settingsCommand(): Command {
  const summary = "every setting and its value here";
  const names = new Argument("[NAME...]", "settings, with or without LB_");
  return verb("settings", { summary, about: ABOUT, examples: EXAMPLES })
    .addArgument(completedBy(names, settingNames))
    .option("--changed", "only settings that the environment sets")
    .option("--json", "print a JSON array of settings")
    .action(show);
}

async function settingNames(): Promise<string[]> {
  return Object.keys((await settingsModule()).SETTINGS);
}

/** Loaded on demand: the settings import the schemas of all their values. */
function settingsModule() {
  return import("../../balancer/settings/settings.ts");
}

async function show(names: readonly string[], { changed, json }: Options): Promise<void> {
  const { describeSettings, detailLines, faultsOf, namesOf, settingLines } = await import(
    "./setting_lines.ts"
  );
  const env = Deno.env.toObject();
  const { known, unknown } = namesOf(names);
  if (unknown.length > 0) throw new ToolError(unknown.join("\n"), USAGE);
  const all = describeSettings(env).filter(({ name, from }) =>
    (known.length === 0 || known.includes(name)) && (!changed || from === "environment")
  );
  if (json) print(JSON.stringify(all));
  else if (known.length > 0) print(all.flatMap(detailLines).join("\n"));
  else print(settingLines(all, lookOfOutput()).join("\n"));
  const faults = faultsOf(env);
  if (faults.length > 0) throw new ToolError(faults.join("\n"), REFUSED);
}
