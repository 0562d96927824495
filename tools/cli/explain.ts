/**
 * `ringkeeper explain`: shows a key's destination, and the reason.
 *
 * @module
 */
import type { Command } from "commander";
import { ToolError, USAGE } from "../tool.ts";
import type { Question } from "./api.ts";
import { apiOf, balancerCommand, type CommonOptions, type Manual, printAnswer } from "./command.ts";
import { explanationLines } from "./explanation_lines.ts";

interface Options extends CommonOptions {
  readonly id?: string;
  readonly path?: string;
  readonly host?: string;
}

const MANUAL: Manual = {
  summary: "where a request goes, and why",
  about: "Shows the replica that a request would go to now, and the reason. Nothing is " +
    "sent to a replica.",
  examples: [
    ["explain alice", "where the key alice goes"],
    ["explain --id 12", "where the id 12 goes"],
    ["explain --path /home", "where a request for /home goes"],
    ["explain alice --path /api", "alice, by the rules of the route /api"],
  ],
};

/** The verb `explain`. */
export function explainCommand(): Command {
  return balancerCommand("explain", MANUAL)
    .argument("[KEY]", "key of the request, such as its X-Request-Id (setting LB_KEY)")
    .option("--id <N>", "a whole number, hashed as an id")
    .option("--path <PATH>", "path of the request: chooses its route, and its key")
    .option("--host <HOST>", "host of the request: chooses its route")
    .option("--json", "print the answer of GET /_lb/explain as it is")
    .action(async (key: string | undefined, options: Options) => {
      const question = questionOf(key, options);
      const answer = await (await apiOf(options)).explain(question);
      printAnswer(answer, options, explanationLines);
    });
}

function questionOf(key: string | undefined, { id, path, host }: Options): Question {
  const set = ([, value]: [string, string | undefined]) => value !== undefined;
  const given = Object.entries({ key, id }).filter(set);
  const place = Object.entries({ path, host }).filter(set);
  if (given.length === 1 || (given.length === 0 && path !== undefined)) {
    return Object.fromEntries([...given, ...place]);
  }
  const got = given.length === 0 ? "none" : given.map(([way]) => way).join(" and ");
  throw new ToolError(`one of KEY, --id and --path must be given; got ${got}`, USAGE);
}
