/**
 * Common parts of the command line's verbs: the balancer's address, the output of answers, and exit
 * codes.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { plainCommand } from "../up/task_command.ts";
import { print } from "../print.ts";
import { fleetOfEnvironment } from "../fleet_places.ts";
import { placesInUse, readState, startedFleets } from "../up/state.ts";
import { Api } from "./api.ts";
import { completedBy } from "./completion_sources.ts";
import { findTarget, type TargetOptions } from "./target.ts";
import type { Answer } from "./caller.ts";
import { type Look } from "./table.ts";
import { fromUserFolder } from "./user_folder.ts";
import { paintOfOutput } from "./paint.ts";

/** Options of every command. */
export interface CommonOptions extends TargetOptions {
  readonly json?: true;
}

/** Common help text of verbs that call the API. */
export const API_HELP = `
The API is at --url, else at RINGKEEPER_URL, else on this machine at
LB_ADMIN_LISTEN or the port above LB_PORT, else where ringkeeper up started it,
else at http://127.0.0.1:5001. The token: LB_ADMIN_TOKEN, or a file that
--token-file or LB_ADMIN_TOKEN_FILE names, else the one that the balancer made,
where this user may read it. Only a port that proved to be the API gets it.

Exit codes: 0 done, 1 the balancer refused, 2 wrong usage, 3 the balancer
cannot be reached.`;

/** The usage of a verb: its command line after `ringkeeper`, and a description. */
type Example = readonly [line: string, about: string];

/** The help text of a verb. */
export interface Manual {
  /** A few words, for the list of verbs. */
  readonly summary: string;
  /** The description, in sentences. */
  readonly about: string;
  readonly examples: readonly Example[];
}

/**
 * Creates a verb of the program, with `--help` as its only option.
 *
 * @param name the verb
 * @param manual the help text
 */
export function verb(name: string, manual: Manual): Command {
  const { summary, about, examples } = manual;
  const command = plainCommand(name, about).summary(summary)
    .addHelpText("after", examplesText(examples));
  MANUALS.set(command, manual);
  return command;
}

const MANUALS = new WeakMap<Command, Manual>();

/** Returns a verb's help text; undefined for any other command. */
export function manualOf(command: Command): Manual | undefined {
  return MANUALS.get(command);
}

/**
 * Creates a verb that calls the balancer's API, with the options common to all of these.
 *
 * @param name the verb
 * @param manual the help text
 */
export function balancerCommand(name: string, manual: Manual): Command {
  return verb(name, manual)
    .option("--url <URL>", "where the API is, or unix:/path")
    .addOption(completedBy(tokenFileOption(), "files"))
    .addHelpText("after", API_HELP);
}

function tokenFileOption(): Option {
  return new Option("--token-file <FILE>", "file with the admin token")
    .argParser((path) => fromUserFolder(path));
}

function examplesText(examples: readonly Example[]): string {
  if (examples.length === 0) return "";
  const lines = examples.map(([line, about]) => [`ringkeeper ${line}`, about] as const);
  const width = Math.max(...lines.map(([line]) => line.length));
  const text = lines.map(([line, about]) => `  ${line.padEnd(width)}  ${about}`);
  return ["", "Examples:", ...text].join("\n");
}

/** Returns the balancer that the options and the environment name. */
export async function apiOf(options: TargetOptions): Promise<Api> {
  const around = {
    env: (name: string) => Deno.env.get(name),
    state: async () => readState((await placesInUse(fleetOfEnvironment())).stateFile),
    others: startedFleets,
    readFile: (path: string) => Deno.readTextFile(path),
  };
  return new Api(await findTarget(options, around));
}

/**
 * Prints an answer: the raw JSON for scripts, or lines for people.
 *
 * @param answer the answer
 * @param options whether the output is for scripts
 * @param lines the lines for people, in the format of standard output
 */
export function printAnswer<T>(
  answer: Answer<T>,
  { json }: CommonOptions,
  lines: (body: T, look: Look) => readonly string[],
): void {
  print(json ? answer.text : lines(answer.body, lookOfOutput()).join("\n"));
}

/** The format of tables on standard output: cut to a terminal's width, uncut in a pipe. */
export function lookOfOutput(): Look {
  const width = Deno.stdout.isTerminal() ? Deno.consoleSize().columns || 80 : Infinity;
  return { paint: paintOfOutput(), width };
}
