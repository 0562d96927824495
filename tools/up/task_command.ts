/**
 * The command line of a task: options, arguments, help and errors.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { print } from "../print.ts";
import { runTool, ToolError, USAGE } from "../tool.ts";

/**
 * Errors are printed where the program ends. Colour support is not checked, because that needs
 * permission to read the environment.
 */
const OUTPUT = {
  writeOut: (text: string) => print(text.trimEnd()),
  writeErr: () => {},
  getOutHasColors: () => false,
  getErrHasColors: () => false,
};

/**
 * Creates the command line of one task, with `--help` as its only option.
 *
 * @param task the task's name in deno.json
 * @param about the description
 */
export function taskCommand(task: string, about: string): Command {
  return plainCommand(`deno task ${task}`, about);
}

/**
 * Creates a command line with `--help` as its only option. Its errors are thrown.
 *
 * @param name the command's name
 * @param about the description
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
 * @returns true if the action ran; false if only the help was requested and printed
 * @throws {ToolError} with exit code 2 and a pointer to the help, if the arguments are invalid
 */
export async function execute(command: Command, args: readonly string[]): Promise<boolean> {
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
  return runTool(async () => void await execute(command, Deno.args));
}

function withHint(command: Command, error: unknown): unknown {
  const usage = error instanceof CommanderError ||
    (error instanceof ToolError && error.exitCode === USAGE);
  if (!usage) return error;
  const message = error.message.replace(/^error: /, "");
  return new ToolError(`${message}\nTry: ${command.name()} --help`, USAGE);
}

/**
 * Parses a whole number within bounds, both included.
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

/** The error for an invalid value. */
export function wrongUsage(option: string, rule: string, value: string | number): ToolError {
  return new ToolError(`${option} must be ${rule}; got "${value}"`, USAGE);
}
