/**
 * `ringkeeper settings`: lists every setting of a running balancer, with its origin.
 *
 * @module
 */
import { Argument, type Command, Option } from "commander";
import { print, printError } from "../print.ts";
import { ToolError, USAGE } from "../tool.ts";
import { REFUSED, UnreachableError } from "./api_errors.ts";
import {
  apiOf,
  balancerCommand,
  type CommonOptions,
  lookOfOutput,
  type Manual,
} from "./command.ts";
import { completedBy } from "./completion_sources.ts";
import type { LocalSettings } from "./setting_lines.ts";
import { fromUserFolder } from "./user_folder.ts";

interface Options extends CommonOptions {
  readonly changed?: true;
  readonly local?: true;
  readonly config?: string;
}

const MANUAL: Manual = {
  summary: "every setting in force, and its origin",
  about: "Shows every setting that is in force in the running balancer, and where its value " +
    "comes from: the default, the configuration file with line and column, the environment, or a " +
    "call of the API. Secrets are not shown. With names it describes these settings. Where no " +
    "balancer runs, and with --local, it shows the values that `ringkeeper up` would start one with, " +
    "and ends with 1 where a value cannot be used.",
  examples: [
    ["settings", "all of them"],
    ["settings --changed", "without the defaults"],
    ["settings LB_KEY hold", "these two in full"],
    ["settings --config ringkeeper.yaml", "check a file before it is used"],
  ],
};

/** The verb `settings`. */
export function settingsCommand(): Command {
  const names = new Argument("[NAME...]", "settings, with or without LB_");
  const config = new Option("--config <FILE>", "the configuration file; implies --local")
    .argParser((path) => fromUserFolder(path));
  return balancerCommand("settings", MANUAL)
    .addArgument(completedBy(names, settingNames))
    .option("--changed", "only settings that do not have their default")
    .option("--local", "the values here, which a balancer would start with")
    .addOption(completedBy(config, "files"))
    .option("--json", "print a JSON array of settings")
    .action(show);
}

async function settingNames(): Promise<string[]> {
  return Object.keys((await import("../../balancer/settings/settings.ts")).SETTINGS);
}

async function show(names: readonly string[], options: Options): Promise<void> {
  // Loaded on demand: the settings import the schemas of all their values.
  const { detailLines, namesOf, settingLines } = await import("./setting_lines.ts");
  const { known, unknown } = namesOf(names);
  if (unknown.length > 0) throw new ToolError(unknown.join("\n"), USAGE);
  const { settings, faults } = await found(options);
  const all = settings.filter(({ name, from }) =>
    (known.length === 0 || known.includes(name)) && (!options.changed || from !== "default")
  );
  if (options.json) print(JSON.stringify(all));
  else if (known.length > 0) print(all.flatMap(detailLines).join("\n"));
  else print(settingLines(all, lookOfOutput()).join("\n"));
  if (faults.length > 0) throw new ToolError(faults.join("\n"), REFUSED);
}

async function found(options: Options): Promise<LocalSettings> {
  if (options.local || options.config !== undefined) return await here(options.config);
  try {
    const { inFull } = await import("./setting_lines.ts");
    const { body } = await (await apiOf(options)).settings();
    return { settings: body.settings.map(inFull), faults: [] };
  } catch (error) {
    const named = options.url !== undefined || Deno.env.get("RINGKEEPER_URL");
    if (named || !(error instanceof UnreachableError)) throw error;
    printError(
      "no balancer runs here; these are the values that ringkeeper up would start one with",
    );
    return await here();
  }
}

async function here(config = Deno.env.get("LB_CONFIG") || undefined): Promise<LocalSettings> {
  const { localSettings } = await import("./setting_lines.ts");
  return await localSettings(Deno.env.toObject(), config);
}
