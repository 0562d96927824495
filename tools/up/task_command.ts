/**
 * The command line of a task: options, arguments, help and what is wrong with them.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { say } from "../print.ts";
import { runTool, ToolError, USAGE } from "../tool.ts";

/**
 * What is wrong is said where the program ends. Whether colours are wanted is not asked: it would
 * take permission to read the environment.
 */
const OUTPUT = {
  writeOut: (text: string) => say(text.trimEnd()),
  writeErr: () => {},
  getOutHasColors: () => false,
  getErrHasColors: () => false,
};

/**
 * The command line of one task, with no option but `--help` so far.
 *
 * @param task the task's name in deno.json
 * @param about what it does
 */
export function taskCommand(task: string, about: string): Command {
  return plainCommand(`deno task ${task}`, about);
}

/**
 * A command line with no option but `--help` so far. Its errors are thrown.
 *
 * @param name how it is called
 * @param about what it does
 */
export function plainCommand(name: string, about: string): Command {
  return new Command(name)
    .description(about)
    .helpOption("-h, --help", "this text")
    .exitOverride()
    .configureOutput(OUTPUT);
}

/**
 * Reads arguments and runs the command's action, if it has one.
 *
 * @param command the command
 * @param args the arguments
 * @returns whether that was all: false where only the help was asked for, and printed
 * @throws {ToolError} with exit code 2 and a hint at the help, where they cannot be understood
 */
export async function obey(command: Command, args: readonly string[]): Promise<boolean> {
  try {
    await command.parseAsync([...args], { from: "user" });
    return true;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return false;
    throw withHint(command, error);
  }
}

/** Runs a command on the program's arguments and ends the program. */
export function runCommand(command: Command): Promise<never> {
  return runTool(async () => void await obey(command, Deno.args));
}

function withHint(command: Command, error: unknown): unknown {
  const usage = error instanceof CommanderError ||
    (error instanceof ToolError && error.exitCode === USAGE);
  if (!usage) return error;
  const message = error.message.replace(/^error: /, "");
  return new ToolError(`${message}\nTry: ${command.name()} --help`, USAGE);
}

/**
 * Reads a whole number within bounds, both included.
 *
 * @param option the option, for the message
 * @throws {ToolError} with exit code 2: the option, its bounds and the value received
 */
export function wholeNumber(option: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (number >= min && number <= max) return number;
    throw wrongUsage(option, `a whole number from ${min} to ${max}`, text);
  };
}

/** The error for a value that cannot be used. */
export function wrongUsage(option: string, rule: string, value: string | number): ToolError {
  return new ToolError(`${option} must be ${rule}; got "${value}"`, USAGE);
}
