/**
 * `ringkeeper up`: starts the balancer in the background.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { ENGINES } from "../docker/engine_choice.ts";
import { print, printError } from "../print.ts";
import { ToolError, USAGE } from "../tool.ts";
import { wholeNumber } from "../up/task_command.ts";
import { up } from "../up/up.ts";
import {
  engineOf,
  type GivenUpOptions,
  readUpOptions,
  type UpOptions,
  type UpSettings,
} from "../up/options.ts";
import { resolve } from "node:path";
import { completedBy } from "./completion_sources.ts";
import { type Manual, verb } from "./command.ts";
import { fromUserFolder } from "./user_folder.ts";

const MANUAL: Manual = {
  summary: "start the balancer and its replicas",
  about: "Starts the balancer and its replicas in the background, and returns when all " +
    "replicas are ready. Every other setting is an environment variable LB_* or stands in a " +
    "configuration file, which is checked before anything starts; LB_ENGINE, " +
    "LB_REPLICAS, LB_PORT and LB_TAKE_OVER are the defaults of the options.",
  examples: [
    ["up", "three replicas behind port 5000"],
    ["up --engine process --port 8080", "processes behind port 8080"],
    ["up --replicas 5", "five replicas"],
    ["up --config ringkeeper.yaml", "settings of a file"],
    ["up --engine swarm", "a balancer on each manager"],
  ],
};

/** The verb `up`. */
export function upCommand(): Command {
  return verb("up", MANUAL)
    .addOption(
      new Option(
        "--engine <ENGINE>",
        "engine of the replicas: docker, process, swarm, or auto, which is docker if a Docker " +
          "engine and compose answer, else process (default: auto)",
      ).choices(ENGINES).argParser((text) => engineOf("--engine", text)),
    )
    .option(
      "--replicas <N>",
      "number of replicas (default: 3)",
      wholeNumber("--replicas", 0, 4096),
    )
    .option("--port <PORT>", "public port (default: 5000)", wholeNumber("--port", 1, 65535))
    .option(
      "--balancers <N>",
      "number of balancers, engine swarm (default: one on each manager)",
      wholeNumber("--balancers", 1, 64),
    )
    .option("--take-over", "ask another balancer that has the fleet to hand it over; it ends")
    .option(
      "--json",
      "print one JSON object with the balancer's addresses; progress goes to stderr",
    )
    .addOption(completedBy(configOption(), "files"))
    .action(async ({ json, ...given }: GivenUpOptions & { readonly json?: true }) => {
      const options = await usableOptions(given);
      const { text, ...place } = await up(options, json ? printError : print);
      print(json ? JSON.stringify(place) : text);
    });
}

function configOption(): Option {
  return new Option("--config <FILE>", "configuration file (default: LB_CONFIG)")
    .argParser((path) => fromUserFolder(path));
}

/**
 * Refuses invalid settings before anything is built or started. Compose passes on only the
 * variables that it lists, so a mistyped name would otherwise be ignored.
 *
 * @throws {ToolError} with exit code 2: every fault, one per line
 */
async function usableOptions(given: GivenUpOptions): Promise<UpSettings> {
  const path = given.config ?? configOfEnvironment();
  if (path === undefined) {
    const options = readUpOptions(given, (name) => Deno.env.get(name));
    const { faultsOf } = await import("./setting_lines.ts");
    const faults = faultsOf({ ...Deno.env.toObject(), ...settingsOf(options) });
    if (faults.length > 0) throw new ToolError(faults.join("\n"), USAGE);
    return { ...options, env: (name) => Deno.env.get(name) };
  }
  const { checkedConfig, lookupIn } = await import("../up/config.ts");
  const { loadConfigFile } = await import("../../balancer/settings/file/load.ts");
  const env = lookupIn(await loadConfigFile(path));
  const options = readUpOptions(given, env);
  await checkedConfig(path, { ...Deno.env.toObject(), ...settingsOf(options) });
  return { ...options, config: path, env };
}

function settingsOf({ engine, replicas, port }: UpOptions): Record<string, string> {
  return { LB_ENGINE: engine, LB_REPLICAS: String(replicas), LB_PORT: String(port) };
}

/** Relative to the project's folder, as every path in a setting is. */
function configOfEnvironment(): string | undefined {
  const path = Deno.env.get("LB_CONFIG");
  return path ? resolve(path) : undefined;
}
