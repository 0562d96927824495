/**
 * Command lines of the benches.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { execute, taskCommand, wholeNumber, wrongUsage } from "../../tools/up/task_command.ts";

/** Default of an option: the same always, or one for a full run and one for `--quick`. */
type Default<T> = T | { readonly full: T; readonly quick: T };

/** The command line of one bench. */
export class BenchOptions {
  readonly #command: Command;
  readonly #quick: Record<string, unknown> = {};

  /**
   * @param task the task's name in deno.json
   * @param about the description of the program
   * @param after printed at the end of the help: the duration and the files of a run
   */
  constructor(task: string, about: string, after: string) {
    this.#command = taskCommand(task, about).addHelpText("after", `\n${after}`);
  }

  /** An option with a whole number from `min` to `max`. */
  number(
    name: string,
    about: string,
    [min, max]: readonly [number, number],
    value?: Default<number>,
  ): this {
    return this.#add(`${name} <n>`, about, value, wholeNumber(name, min, max));
  }

  /** An option with one of some values. */
  choice(name: string, about: string, known: readonly string[], value: string): this {
    const parse = (text: string) => {
      if (known.includes(text)) return text;
      throw wrongUsage(name, known.join(" or "), text);
    };
    return this.#add(`${name} <${name.slice(2)}>`, about, value, parse);
  }

  /** An option with names, separated by commas or in several such options; none: all of them. */
  names(name: string, about: string, known: readonly string[]): this {
    const parse = (text: string, before: readonly string[]) => [...before, ...listed(text)];
    const listed = (text: string) =>
      text.split(",").map((part) => {
        const found = known.find((one) => one.toLowerCase() === part.trim().toLowerCase());
        if (found !== undefined) return found;
        throw wrongUsage(name, `one or more of ${known.join(", ")}`, part.trim());
      });
    const help = `${about}: ${known.join(", ")}, separated by commas (default: all)`;
    const option = new Option(`${name} <names>`, help).default([], "all").argParser(parse);
    this.#command.addOption(option);
    return this;
  }

  /** `--out`: a folder that the task may write, `home` or a folder in .run. */
  folder(about: string, home: string, value: Default<string>): this {
    const parse = (text: string) => {
      const folder = text.replace(/\/+$/, "");
      const own = folder === home || folder.startsWith(`${home}/`) || folder.startsWith(".run/");
      if (own && !folder.split("/").includes("..")) return folder;
      throw wrongUsage("--out", `${home} or a folder in .run`, text);
    };
    return this.#add("--out <folder>", `${about}, ${home} or a folder in .run`, value, parse);
  }

  /** An option without a value. */
  flag(name: string, about: string): this {
    this.#command.option(name, about, false);
    return this;
  }

  /**
   * Reads the command line.
   *
   * @param args the arguments
   * @returns the values by the options' names in camel case; undefined where the help was printed
   * @throws {ToolError} with exit code 2 and a message that says which values are accepted
   */
  async read<T>(args: readonly string[]): Promise<T | undefined> {
    // Without an action commander prints the help.
    const command = this.#command.action(() => {});
    if (!await execute(command, args)) return undefined;
    for (const [name, value] of Object.entries(command.opts()["quick"] ? this.#quick : {})) {
      if (command.getOptionValueSource(name) === "default") command.setOptionValue(name, value);
    }
    return command.opts() as T;
  }

  #add<T>(
    flags: string,
    about: string,
    value: Default<T> | undefined,
    parse: (text: string) => T,
  ): this {
    const isPair = typeof value === "object" && value !== null && "full" in value;
    const [full, quick] = isPair ? [value.full, value.quick] : [value, value];
    const shown = full === quick ? `${full}` : `${full}; with --quick ${quick}`;
    const option = new Option(flags, about).argParser(parse);
    if (full !== undefined) option.default(full, shown);
    this.#command.addOption(option);
    this.#quick[option.attributeName()] = quick;
    return this;
  }
}
