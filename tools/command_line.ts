/**
 * Command lines of tools that write their help themselves.
 *
 * @module
 */
import { type Command, CommanderError, Option } from "commander";
import { taskCommand, wholeNumber } from "./up/task_command.ts";
import { ToolError, USAGE } from "./tool.ts";

interface OptionKind {
  readonly type: "string" | "boolean";
  /** One letter that stands for it. */
  readonly short?: string;
  readonly multiple?: true;
}

type Options = Readonly<Record<string, OptionKind>>;

/** What the options come to; those that were not given are missing. */
type Values<T extends Options> = {
  -readonly [Name in keyof T]?: T[Name]["type"] extends "boolean" ? boolean
    : T[Name]["multiple"] extends true ? string[]
    : string;
};

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
    const command = taskCommand(this.#task, "").helpOption(false);
    const known = Object.entries(options).map(([name, kind]) =>
      [name, optionOf(name, kind)] as const
    );
    for (const [, option] of known) command.addOption(option);
    this.#parse(command, args);
    const given = command.opts();
    return Object.fromEntries(
      known.map(([name, option]) => [name, given[option.attributeName()]])
        .filter(([, value]) => value !== undefined),
    );
  }

  #parse(command: Command, args: readonly string[]): void {
    try {
      command.parse([...args], { from: "user" });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      throw this.usage(error.message.replace(/^error: /, ""));
    }
  }

  /**
   * The whole number that an option was given, within bounds, both included.
   *
   * @throws {ToolError} with exit code 2: the option, its bounds and the value received
   */
  whole(option: string, value: string, min: number, max: number): number {
    try {
      return wholeNumber(option, min, max)(value);
    } catch (error) {
      throw error instanceof ToolError ? this.usage(error.message) : error;
    }
  }

  /** The error of a command line that cannot be understood. */
  usage(message: string): ToolError {
    return new ToolError(`${message}\nTry: deno task ${this.#task} --help`, USAGE);
  }
}

function optionOf(name: string, { type, short, multiple }: OptionKind): Option {
  const flags = `${short ? `-${short}, ` : ""}--${name}${type === "string" ? " <value>" : ""}`;
  const option = new Option(flags);
  return multiple ? option.argParser(several) : option;
}

function several(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
