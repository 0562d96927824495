/**
 * Command lines of the benches.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { execute, taskCommand, wholeNumber, wrongUsage } from "../../tools/up/task_command.ts";

/** Default of an option: the same always, or one for a full run and one for `--quick`. */
type Default<T> = T | { readonly full: T; readonly quick: T };

/** `leaderOffs` of `--leader-offs`. */
type ValueName<Flag extends string> = Flag extends `--${infer Name}` ? CamelCase<Name> : never;
type CamelCase<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : Name;

/** The value of one option. */
type Value<Flag extends string, V> = Readonly<Record<ValueName<Flag>, V>>;

/** The command line with the value of one more option. */
type With<T, Flag extends string, V> = BenchOptions<T & Value<Flag, V>>;

/** The values of a command line. */
export type ValuesOf<Options> = Options extends BenchOptions<infer T> ? T : never;

/** The command line of one bench; `T` are its values. */
export class BenchOptions<T = unknown> {
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
  number<Flag extends string>(
    name: Flag,
    about: string,
    bounds: readonly [number, number],
    value: Default<number>,
  ): With<T, Flag, number>;
  number<Flag extends string>(
    name: Flag,
    about: string,
    bounds: readonly [number, number],
  ): With<T, Flag, number | undefined>;
  number(
    name: string,
    about: string,
    [min, max]: readonly [number, number],
    value?: Default<number>,
  ): unknown {
    return this.#add(`${name} <n>`, about, value, wholeNumber(name, min, max));
  }

  /** An option with one of some values. */
  choice<Flag extends string, Value extends string>(
    name: Flag,
    about: string,
    known: readonly Value[],
    value: NoInfer<Value>,
  ): With<T, Flag, Value> {
    const parse = (text: string) => {
      const found = known.find((one) => one === text);
      if (found !== undefined) return found;
      throw wrongUsage(name, known.join(" or "), text);
    };
    return this.#add(`${name} <${name.slice(2)}>`, about, value, parse);
  }

  /** An option with names, separated by commas or in several such options; none: all of them. */
  names<Flag extends string>(
    name: Flag,
    about: string,
    known: readonly string[],
  ): With<T, Flag, readonly string[]> {
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
    return this.#with();
  }

  /**
   * `--out` and `--quick`: results go to docs/bench, those of a quick run to a folder in .run.
   *
   * @param quickFolder the name of that folder
   * @param about the differences of a quick run
   */
  results(
    quickFolder: string,
    about: string,
  ): BenchOptions<T & Value<"--out", string> & Value<"--quick", boolean>> {
    const value = { full: "docs/bench", quick: `.run/${quickFolder}` };
    return this.folder("the folder of the results", "docs/bench", value).flag("--quick", about);
  }

  /** `--out`: a folder that the task may write, `home` or a folder in .run. */
  folder(about: string, home: string, value: Default<string>): With<T, "--out", string> {
    const parse = (text: string) => {
      const folder = text.replace(/\/+$/, "");
      const own = folder === home || folder.startsWith(`${home}/`) || folder.startsWith(".run/");
      if (own && !folder.split("/").includes("..")) return folder;
      throw wrongUsage("--out", `${home} or a folder in .run`, text);
    };
    return this.#add("--out <folder>", `${about}, ${home} or a folder in .run`, value, parse);
  }

  /** An option without a value. */
  flag<Flag extends string>(name: Flag, about: string): With<T, Flag, boolean> {
    this.#command.option(name, about, false);
    return this.#with();
  }

  /**
   * Reads the command line.
   *
   * @param args the arguments
   * @returns the values by the options' names in camel case; undefined where the help was printed
   * @throws {ToolError} with exit code 2 and a message that says which values are accepted
   */
  async read(args: readonly string[]): Promise<T | undefined> {
    // Without an action commander prints the help.
    const command = this.#command.action(() => {});
    if (!await execute(command, args)) return undefined;
    for (const [name, value] of Object.entries(command.opts()["quick"] ? this.#quick : {})) {
      if (command.getOptionValueSource(name) === "default") command.setOptionValue(name, value);
    }
    return command.opts() as T;
  }

  #add<Flag extends string, Value>(
    flags: string,
    about: string,
    value: Default<Value> | undefined,
    parse: (text: string) => Value,
  ): With<T, Flag, Value> {
    const isPair = typeof value === "object" && value !== null && "full" in value;
    const [full, quick] = isPair ? [value.full, value.quick] : [value, value];
    const shown = full === quick ? `${full}` : `${full}; with --quick ${quick}`;
    const option = new Option(flags, about).argParser(parse);
    if (full !== undefined) option.default(full, shown);
    this.#command.addOption(option);
    this.#quick[option.attributeName()] = quick;
    return this.#with();
  }

  /** This command line, which has one more option now. */
  #with<Flag extends string, Value>(): With<T, Flag, Value> {
    return this as unknown as With<T, Flag, Value>;
  }
}
