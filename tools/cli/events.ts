/**
 * `ringkeeper events`: prints the fleet's events as they happen.
 *
 * @module
 */
import { jsonText } from "./figures.ts";
import type { Command } from "commander";
import { printUnlessClosed } from "../print.ts";
import { wholeNumber } from "../up/task_command.ts";
import { UnreachableError } from "./api_errors.ts";
import { apiOf, balancerCommand, type CommonOptions, type Manual } from "./command.ts";
import { eventLine } from "./event_lines.ts";
import { paintOfOutput } from "./paint.ts";

interface Options extends CommonOptions {
  readonly all?: true;
  readonly after?: number;
  readonly count?: number;
}

const MANUAL: Manual = {
  summary: "follow the events of the fleet",
  about: "Follows the events of the fleet until ^C: every step of every replica, every new " +
    "view, every incident, every step of a deploy.",
  examples: [
    ["events", "from now on"],
    ["events --all --count 20", "the first 20 that are kept"],
    ["events --json", "a JSON object a line"],
  ],
};

/** The verb `events`. */
export function eventsCommand(): Command {
  const whole = (option: string, least: number) => wholeNumber(option, least, 999_999_999);
  return balancerCommand("events", MANUAL)
    .option("--all", "first the events that the balancer has kept")
    .option("--after <ID>", "first those behind the event of this id", whole("--after", 0))
    .option("--count <N>", "end after this many events", whole("--count", 1))
    .option("--json", "print the data of each event as it is, one a line")
    .action(follow);
}

async function follow(options: Options): Promise<void> {
  const { json, all, count = Infinity } = options;
  const after = options.after ?? (all ? 0 : undefined);
  const api = await apiOf(options);
  const paint = paintOfOutput();
  let printed = 0;
  for await (const event of api.events(after)) {
    if (!printUnlessClosed(json ? jsonText(event) : eventLine(event, paint))) return;
    if (++printed >= count) return;
  }
  throw new UnreachableError(`${api.url}: the stream ended with the balancer`);
}
