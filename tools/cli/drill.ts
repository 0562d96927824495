/**
 * `ringkeeper drill`: kills a replica under load, and reports the cost.
 *
 * @module
 */
import { Argument, type Command } from "commander";
import { wholeNumber } from "../up/task_command.ts";
import { ToolError } from "../tool.ts";
import type { Drill } from "./api.ts";
import { REFUSED } from "./api_errors.ts";
import { apiOf, balancerCommand, type CommonOptions, type Manual, printAnswer } from "./command.ts";
import { drillLines } from "./drill_lines.ts";
import { completedByReplicas } from "./replica_names.ts";

interface Options extends CommonOptions {
  readonly path?: string;
  readonly seconds?: number;
  readonly connections?: number;
  readonly lost?: number;
  readonly fullRingMs?: number;
  readonly p99Ms?: number;
}

const MANUAL: Manual = {
  summary: "kill a replica under load",
  about: "Kills a replica while the balancer sends requests to itself, and shows whether " +
    "the fleet healed within the bounds. LB_DRILLS=true allows drills. Ends with 1 if the drill " +
    "was not passed.",
  examples: [
    ["drill Server2", "three seconds of load"],
    ["drill Server2 --path /home --seconds 10", "ten seconds, of one path"],
    ["drill Server2 --full-ring-ms 1000", "pass only if healed in 1 s"],
  ],
};

/** The verb `drill`. */
export function drillCommand(): Command {
  const whole = (option: string, least = 1) => wholeNumber(option, least, 999_999_999);
  return balancerCommand("drill", MANUAL)
    .addArgument(completedByReplicas(new Argument("<NAME>", "the replica to kill")))
    .option("--path <PATH>", "path that the load asks for (default: /)")
    .option("--seconds <N>", "length of the load (default: 3)", whole("--seconds"))
    .option("--connections <N>", "clients at the same time (default: 8)", whole("--connections"))
    .option("--lost <N>", "requests that may be lost (default: 0)", whole("--lost", 0))
    .option(
      "--full-ring-ms <MS>",
      "milliseconds until the ring is full again (default: 5000)",
      whole("--full-ring-ms"),
    )
    .option("--p99-ms <MS>", "bound of the 99th percentile, in milliseconds", whole("--p99-ms"))
    .option("--json", "print the answer of POST /_lb/drill as it is")
    .action(async (name: string, options: Options) => {
      const answer = await (await apiOf(options)).drill(drillOf(name, options));
      printAnswer(answer, options, drillLines);
      if (!answer.body.passed) throw new ToolError("the drill was not passed", REFUSED);
    });
}

function drillOf(kill: string, options: Options): Drill {
  const { path, seconds, connections, lost, fullRingMs, p99Ms } = options;
  const objective = given({ lost, fullRingMs, p99Ms });
  return { kill, ...given({ path, seconds, connections }), objective };
}

function given(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
