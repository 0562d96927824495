/**
 * `ringkeeper log`: shows and changes the log settings.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { LEVELS } from "../../balancer/log/log_controls.ts";
import type { LogState } from "../../balancer/answers/log.ts";
import { apiOf, balancerCommand, type CommonOptions, type Manual, printAnswer } from "./command.ts";

interface Options extends CommonOptions {
  readonly level?: string;
  readonly access?: string | number;
}

const MANUAL: Manual = {
  summary: "log level and access log, shown or changed",
  about: "Shows the log level and the access log that are in force, or changes them at once, " +
    "until the balancer restarts.",
  examples: [
    ["log", "the log settings in force"],
    ["log --level debug", "log more"],
    ["log --access 0.01", "one request in a hundred"],
  ],
};

/** The verb `log`. */
export function logCommand(): Command {
  return balancerCommand("log", MANUAL)
    .addOption(
      new Option("--level <LEVEL>", "least severe level that is written")
        .choices(LEVELS).argParser((text) => text),
    )
    .option("--access <PART>", "requests in the access log: off, full, or a part such as 0.01")
    .option("--json", "print the answer of GET or PATCH /_lb/log as it is")
    .action(async (options: Options) => {
      const api = await apiOf(options);
      const change = changeOf(options);
      if (Object.keys(change).length > 0) {
        const changed = await api.setLog(change);
        return printAnswer(changed, options, ({ message }) => [logLine(message)]);
      }
      printAnswer(await api.log(), options, (body) => [logLine(body)]);
    });
}

/** The balancer validates the values. */
function changeOf({ level, access }: Options): object {
  const part = Number(access);
  return {
    ...(level === undefined ? {} : { level }),
    ...(access === undefined ? {} : { access: Number.isNaN(part) ? access : part }),
  };
}

function logLine({ level, access }: LogState): string {
  return `level ${level}, access log ${
    typeof access === "number" ? `${access} of the requests` : access
  }`;
}
