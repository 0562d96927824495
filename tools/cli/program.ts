/**
 * The command line program: its verbs and exit codes.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { VERSION } from "../../balancer/version.ts";
import { plainCommand } from "../up/task_command.ts";
import { runTool, ToolError, USAGE } from "../tool.ts";
import { addCommand } from "./add.ts";
import { applyCommand } from "./apply.ts";
import { completeCommand, completionCommand } from "./completion.ts";
import { deployCommand } from "./deploy.ts";
import { downCommand } from "./down.ts";
import { drillCommand } from "./drill.ts";
import { eventsCommand } from "./events.ts";
import { explainCommand } from "./explain.ts";
import { incidentsCommand } from "./incidents.ts";
import { logCommand } from "./log.ts";
import { machineCommand } from "./machine.ts";
import { maintenanceCommand } from "./maintenance.ts";
import { logsCommand } from "./logs.ts";
import { planCommand } from "./plan.ts";
import { reloadCommand } from "./reload.ts";
import { ringCommand } from "./ring.ts";
import { rmCommand } from "./rm.ts";
import { settingsCommand } from "./settings.ts";
import { statusCommand } from "./status.ts";
import { topCommand } from "./top.ts";
import { upCommand } from "./up.ts";
import { upstreamsCommand } from "./upstreams.ts";
import { versionCommand } from "./version.ts";
import { weighCommand } from "./weigh.ts";

const ABOUT = "Starts and stops a ringkeeper balancer, watches it and changes its fleet.";

const ENDING = `
ringkeeper VERB --help has examples. Every verb that prints has --json.`;

/** The program with every verb. */
export function program(): Command {
  const all = plainCommand("ringkeeper", ABOUT)
    .version(VERSION, "-V, --version", "the version")
    .helpCommand("help [VERB]", "the help of a verb")
    .addHelpText("after", ENDING);
  for (const [title, verbs] of GROUPS) {
    for (const verb of verbs) all.addCommand(verb().helpGroup(title));
  }
  return all.addCommand(completeCommand(program), { hidden: true });
}

const GROUPS: readonly (readonly [title: string, verbs: readonly (() => Command)[]])[] = [
  ["Start and stop:", [upCommand, downCommand, logsCommand]],
  ["Watch:", [
    statusCommand,
    topCommand,
    eventsCommand,
    incidentsCommand,
    ringCommand,
    explainCommand,
  ]],
  ["Change:", [
    addCommand,
    rmCommand,
    weighCommand,
    planCommand,
    applyCommand,
    deployCommand,
    upstreamsCommand,
    machineCommand,
    maintenanceCommand,
    logCommand,
    reloadCommand,
    drillCommand,
  ]],
  ["About ringkeeper:", [settingsCommand, completionCommand, versionCommand]],
];

/**
 * Runs the program and ends it: exit code 0 done, 1 refused or failed, 2 wrong usage, 3 no
 * balancer.
 *
 * @param args the arguments
 */
export function runProgram(args: readonly string[]): Promise<never> {
  return runTool(() => runCommand(program(), args));
}

/** @returns the verb's exit code, if it set one */
async function runCommand(all: Command, args: readonly string[]): Promise<void> {
  if (args.length === 0) return all.outputHelp();
  try {
    await all.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    throw withHint(all, args, error);
  }
}

/** Wrong usage points to the verb's help. */
function withHint(all: Command, args: readonly string[], error: unknown): unknown {
  const usage = error instanceof CommanderError ||
    (error instanceof ToolError && error.exitCode === USAGE);
  if (!usage) return error;
  const word = args.find((arg) => !arg.startsWith("-"));
  const verb = all.commands.find((command) => command.name() === word);
  const name = verb ? `${all.name()} ${verb.name()}` : all.name();
  const message = error.message.replace(/^error: /, "");
  return new ToolError(`${message}\nTry: ${name} --help`, USAGE);
}
