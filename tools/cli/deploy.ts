/**
 * `ringkeeper deploy`: replaces every replica, with another image or command.
 *
 * @module
 */
import { jsonText } from "./figures.ts";
import type { Command } from "commander";
import type { DeployStep } from "../../balancer/answers/event.ts";
import { print, printError } from "../print.ts";
import { wholeNumber, wrongUsage } from "../up/task_command.ts";
import { ToolError, USAGE } from "../tool.ts";
import type { Api, DeployRequest } from "./api.ts";
import { REFUSED, UnreachableError } from "./api_errors.ts";
import { apiOf, balancerCommand, type CommonOptions, type Manual } from "./command.ts";
import {
  beginDeploy,
  deployLines,
  type DeployProgress,
  nextStep,
  stepLine,
} from "./deploy_lines.ts";
import { paintOfOutput } from "./paint.ts";
import { ProgressBlock } from "./progress_block.ts";

interface Options extends CommonOptions {
  readonly image?: string;
  /** False: back to the command of the settings. */
  readonly command?: string | false;
  readonly options?: object | false;
  readonly minReady?: number;
}

const MANUAL: Manual = {
  summary: "replace every replica, one after the other",
  about: "Replaces every replica, one after the other, by one that runs another image, " +
    "command or container options. The new instance is ready before the old one drains. Where one " +
    "does not become or stay ready, everything goes back, and the exit code is 1. The deploy goes " +
    "on when this program is ended.",
  examples: [
    ["deploy --image registry/app:2", "another image"],
    ["deploy --command 'node app.js'", "another command"],
    ["deploy --image app:2 --min-ready 5000", "5 s ready each"],
    [`deploy --options '{"memory":"256m"}'`, "other container options"],
  ],
};

/** The verb `deploy`. */
export function deployCommand(): Command {
  return balancerCommand("deploy", MANUAL)
    .option("--image <IMAGE>", "image reference, engine docker")
    .option("--command <COMMAND>", "command line of the replicas")
    .option("--no-command", "the command of the settings again")
    .option("--options <JSON>", "all options of the containers, as LB_REPLICA_OPTIONS", jsonObject)
    .option("--no-options", "the options of the settings again")
    .option(
      "--min-ready <MS>",
      "milliseconds that each new instance has to stay ready (default: LB_MIN_READY_MS)",
      wholeNumber("--min-ready", 0, 3_600_000),
    )
    .option("--json", "print each step as the balancer reports it, a JSON object a line")
    .action(async (_: unknown, command: Command) => {
      const options = givenOptions(command);
      const request = deployRequestOf(options);
      await follow(await apiOf(options), request, options);
    });
}

/** An option `--no-X` makes X true if neither is given. */
function givenOptions(command: Command): Options {
  const all = Object.entries(command.opts());
  return Object.fromEntries(
    all.filter(([name]) => command.getOptionValueSource(name) !== "default"),
  );
}

function deployRequestOf({ image, command, options, minReady }: Options): DeployRequest {
  const changes = {
    ...(image === undefined ? {} : { image }),
    ...(command === undefined ? {} : { command: command === false ? null : command }),
    ...(options === undefined ? {} : { options: options === false ? null : options }),
  };
  if (Object.keys(changes).length === 0) {
    throw new ToolError("one of --image, --command and --options must be given", USAGE);
  }
  return { ...changes, ...(minReady === undefined ? {} : { minReadyMs: minReady }) };
}

function jsonObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw wrongUsage("--options", 'a JSON object such as {"memory":"256m"}', text);
}

async function follow(api: Api, request: DeployRequest, { json }: Options): Promise<void> {
  const steps = api.deploy(request);
  const last = json
    ? await printed(steps, jsonText)
    : Deno.stdout.isTerminal()
    ? await shown(steps, (await api.names()).body.message.replicas)
    : await printed(steps, stepLine);
  if (last?.step === "done") return;
  if (last?.step === "rolled-back") {
    throw new ToolError(`the deploy was rolled back${reasonOf(last)}`, REFUSED);
  }
  throw new UnreachableError(
    `the connection to ${api.url} ended before the deploy did: it goes on where the balancer ` +
      "runs; ringkeeper events shows it",
  );
}

function reasonOf({ reason }: DeployStep): string {
  return reason === undefined ? "" : `: ${reason}`;
}

async function printed(
  steps: AsyncIterable<DeployStep>,
  line: (step: DeployStep) => string,
): Promise<DeployStep | undefined> {
  let last: DeployStep | undefined;
  for await (const step of steps) print(line(last = step));
  return last;
}

/** On a terminal: one block, redrawn at each step and each second. */
async function shown(
  steps: AsyncIterable<DeployStep>,
  names: readonly string[],
): Promise<DeployStep | undefined> {
  const begun = performance.now();
  let progress: DeployProgress = beginDeploy(names);
  let last: DeployStep | undefined;
  using block = new ProgressBlock(({ height }) =>
    deployLines(progress, performance.now() - begun, { paint: paintOfOutput(), height })
  );
  using _left = onInterrupt(() => printError("\nthe deploy goes on: ringkeeper events shows it"));
  for await (const step of steps) {
    progress = nextStep(progress, last = step);
    block.draw();
  }
  return last;
}

/** Ends the program at ^C, as without a listener, after a last message. */
function onInterrupt(notify: () => void): Disposable {
  const end = () => {
    notify();
    Deno.exit(130);
  };
  Deno.addSignalListener("SIGINT", end);
  return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGINT", end) };
}
