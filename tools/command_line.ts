/**
 * What the command lines of the tools have in common.
 *
 * @module
 */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { ToolError, USAGE } from "./tool.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** What the options come to; those that were not given are missing. */
type Values<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: T }>
>["values"];

/** The command line of one task. */
export class CommandLine {
  readonly #task: string;

  /** @param task the task's name, for the hint at its help */
  constructor(task: string) {
    this.#task = task;
  }

  /**
   * Reads options.
   *
   * @param args the arguments
   * @param options the options that there are
   * @throws {ToolError} with exit code 2, for an option that there is not, or without its value
   */
  parse<const T extends Options>(args: readonly string[], options: T): Values<T> {
    try {
      return parseArgs({ args: [...args], options }).values;
    } catch (error) {
      if (error instanceof TypeError) throw this.usage(error.message);
      throw error;
    }
  }

  /**
   * The whole number that an option was given, within bounds, both included.
   *
   * @throws {ToolError} with exit code 2: the option, its bounds and the value received
   */
  whole(option: string, value: string, min: number, max: number): number {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    throw this.usage(`${option} must be a whole number from ${min} to ${max}; got "${value}"`);
  }

  /** The error of a command line that cannot be understood. */
  usage(message: string): ToolError {
    return new ToolError(`${message}\nTry: deno task ${this.#task} --help`, USAGE);
  }
}
