/**
 * `ringkeeper maintenance`: the maintenance switch.
 *
 * @module
 */
import { Argument, type Command } from "commander";
import { wholeNumber, wrongUsage } from "../up/task_command.ts";
import type { Api, MaintenanceRequest } from "./api.ts";
import { apiOf, balancerCommand, type CommonOptions, type Manual, printAnswer } from "./command.ts";
import { maintenanceLine } from "./maintenance_line.ts";

interface Options extends CommonOptions {
  readonly message?: string;
  readonly retryAfter?: number;
  readonly allow?: readonly string[];
}

const MANUAL: Manual = {
  summary: "answer all requests 503, or end that",
  about: "Shows whether the balancer is in maintenance, begins one, or ends it. While it " +
    "lasts, new requests are answered 503 with a message, in all workers; requests in flight " +
    "finish, and the API, heartbeats and healing go on. It lasts over a restart of the balancer.",
  examples: [
    ["maintenance", "whether there is one"],
    ['maintenance on --message "Back at 10:00."', "begin it, or change it"],
    ["maintenance on --allow 10.0.0.0/8", "serve this network"],
    ["maintenance off", "end it"],
  ],
};

/** The verb `maintenance`. */
export function maintenanceCommand(): Command {
  return balancerCommand("maintenance", MANUAL)
    .addArgument(new Argument("[STATE]", "on or off; without it the state is shown"))
    .option("--message <TEXT>", "text of the responses to clients")
    .option(
      "--retry-after <SECONDS>",
      "when clients should try again (default: 60)",
      wholeNumber("--retry-after", 1, 86_400),
    )
    .option("--allow <CIDR...>", "networks whose clients are served all the same")
    .option("--json", "print the answer of the call to /_lb/maintenance as it is")
    .action(async (state: string | undefined, options: Options) => {
      const answer = await call(await apiOf(options), state, options);
      printAnswer(answer, options, (body) => [maintenanceLine(body, Date.now())]);
    });
}

function call(api: Api, state: string | undefined, options: Options) {
  switch (state) {
    case undefined:
      return api.maintenance();
    case "on":
      return api.beginMaintenance(requestOf(options));
    case "off":
      return api.endMaintenance();
    default:
      throw wrongUsage("STATE", "on or off", state);
  }
}

/** The balancer validates the values, and has the defaults. */
function requestOf({ message, retryAfter, allow }: Options): MaintenanceRequest {
  return {
    ...(message !== undefined && { message }),
    ...(retryAfter !== undefined && { retryAfterS: retryAfter }),
    ...(allow !== undefined && { allow }),
  };
}
