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
import { engineOf, type GivenUpOptions, readUpOptions, type UpOptions } from "../up/options.ts";
import { type Example, verb } from "./command.ts";

const ABOUT = "Starts the balancer and its replicas in the background, and returns when all " +
  "replicas are ready. Every other setting is an environment variable LB_*; LB_ENGINE, " +
  "LB_REPLICAS, LB_PORT and LB_TAKE_OVER are the defaults of the options.";

const EXAMPLES: readonly Example[] = [
  ["up", "three replicas behind port 5000"],
  ["up --engine process --port 8080", "processes behind port 8080"],
  ["up --replicas 5", "five replicas"],
];

/** The verb `up`. */
export function upCommand(): Command {
  return verb("up", {
    summary: "start the balancer and its replicas",
    about: ABOUT,
    examples: EXAMPLES,
  })
    .addOption(
      new Option(
        "--engine <ENGINE>",
        "what runs the replicas: docker, process, or auto, which is docker where a Docker " +
          "engine and compose answer, else process (default: auto)",
      ).choices(ENGINES).argParser((text) => engineOf("--engine", text)),
    )
    .option(
      "--replicas <N>",
      "number of replicas (default: 3)",
      wholeNumber("--replicas", 0, 4096),
    )
    .option("--port <PORT>", "public port (default: 5000)", wholeNumber("--port", 1, 65535))
    .option("--take-over", "ask another balancer that has the fleet to hand it over; it ends")
    .option(
      "--json",
      "print one JSON object with the balancer's addresses; progress goes to stderr",
    )
    .action(async ({ json, ...given }: GivenUpOptions & { readonly json?: true }) => {
      const options = readUpOptions(given, (name) => Deno.env.get(name));
      await requireUsable(options);
      const { text, ...place } = await up(options, json ? printError : print);
      print(json ? JSON.stringify(place) : text);
    });
}

/**
 * Refuses invalid settings before anything is built or started. Compose passes on only the
 * variables that it lists, so a mistyped name would otherwise be ignored.
 *
 * @throws {ToolError} with exit code 2: every fault, one per line
 */
async function requireUsable({ engine, replicas, port }: UpOptions): Promise<void> {
  const { faultsOf } = await import("./setting_lines.ts");
  const given = { LB_ENGINE: engine, LB_REPLICAS: String(replicas), LB_PORT: String(port) };
  const faults = faultsOf({ ...Deno.env.toObject(), ...given });
  if (faults.length > 0) throw new ToolError(faults.join("\n"), USAGE);
}
