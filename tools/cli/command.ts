/**
 * What the commands of the terminal have in common: where the balancer is, how answers are printed,
 * how they end.
 *
 * @module
 */
import { taskCommand } from "../task_command.ts";
import { say } from "../print.ts";
import { fleetOfEnvironment } from "../fleet_places.ts";
import { placesInUse, readState, startedFleets } from "../state.ts";
import { Api } from "./api.ts";
import { findTarget, type TargetOptions } from "./target.ts";
import type { Answer } from "./api.ts";
import { type Look } from "./table.ts";
import { paintOfOutput } from "./paint.ts";

/** Options that every command has. */
export interface CommonOptions extends TargetOptions {
  readonly json?: true;
}

const ENDING = `
The API is at --url, else at RINGKEEPER_URL, else on this machine at
LB_ADMIN_LISTEN or the port above LB_PORT, else where make run started it, else
at http://127.0.0.1:5001. The token: LB_ADMIN_TOKEN, or a file that --token-file
or LB_ADMIN_TOKEN_FILE names, else the one that the balancer made, where this
user may read it. It is sent to no port that has not proved to be the API.

Exit codes: 0 done, 1 the balancer refused, 2 wrong usage, 3 the balancer
cannot be reached.`;

/**
 * A command that speaks to the balancer, with the options that all of them have.
 *
 * @param task the task's name in deno.json
 * @param about what it does
 */
export function balancerCommand(task: string, about: string): ReturnType<typeof taskCommand> {
  return taskCommand(task, about)
    .option("--url <URL>", "where the API is, or unix:/path")
    .option("--token-file <FILE>", "file with the token of the balancer's operators")
    .addHelpText("after", ENDING);
}

/** The balancer that the options and the surroundings name. */
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
 * Prints an answer: for scripts as it came, else as lines for people.
 *
 * @param answer the answer
 * @param options whether it is for scripts
 * @param lines what people read
 */
export function printAnswer<T>(
  answer: Answer<T>,
  { json }: CommonOptions,
  lines: (body: T) => readonly string[],
): void {
  say(json ? answer.text : lines(answer.body).join("\n"));
}

/** How tables look on standard output: cut to a terminal's width, and whole in a pipe. */
export function lookOfOutput(): Look {
  const width = Deno.stdout.isTerminal() ? Deno.consoleSize().columns || 80 : Infinity;
  return { paint: paintOfOutput(), width };
}
