/**
 * `ringkeeper machine`: the machines of a swarm.
 *
 * @module
 */
import { Argument, type Command } from "commander";
import { wrongUsage } from "../up/task_command.ts";
import type { Api } from "./api.ts";
import { apiOf, balancerCommand, type CommonOptions, type Manual, printAnswer } from "./command.ts";
import { machineLines } from "./machine_lines.ts";

const MANUAL: Manual = {
  summary: "machines of a swarm: show, drain, open again",
  about: "Shows the machines of a Docker Swarm and the replicas on each, or empties one. " +
    "drain: each replica of the machine gets a successor on another one, which is ready before the " +
    "old instance drains; then Swarm ends what is left there. No request is lost. active: the " +
    "machine gets replicas again.",
  examples: [
    ["machine", "the machines, and the replicas on each"],
    ["machine drain web3", "empty web3, to restart it"],
    ["machine active web3", "open it again"],
  ],
};

/** The verb `machine`. */
export function machineCommand(): Command {
  return balancerCommand("machine", MANUAL)
    .addArgument(new Argument("[CHANGE]", "drain or active; without it the machines are shown"))
    .addArgument(new Argument("[NODE]", "host name of the machine"))
    .option("--json", "print the answer of the call to /_lb/machines as it is")
    .action(
      async (change: string | undefined, node: string | undefined, options: CommonOptions) => {
        const answer = await call(await apiOf(options), change, node);
        printAnswer(answer, options, machineLines);
      },
    );
}

function call(api: Api, change: string | undefined, node: string | undefined) {
  if (change === undefined) return api.machines();
  if (change !== "drain" && change !== "active") {
    throw wrongUsage("CHANGE", "drain or active", change);
  }
  if (node === undefined) throw wrongUsage("NODE", "the host name of a machine", "none");
  return api.setMachine(node, change);
}
