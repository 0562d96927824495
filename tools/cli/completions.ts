/**
 * Computes completions of a command line from the program's commands.
 *
 * @module
 */
import type { Command, Option } from "commander";
import { type CompletionSource, sourceOf } from "./completion_sources.ts";

/** A completion candidate. */
interface Candidate {
  readonly value: string;
  /** A short description, for shells that show it. */
  readonly about: string;
}

/** Candidates, or file names, which the shell completes by itself. */
export type Completions = "files" | readonly Candidate[];

/**
 * Returns the candidates for the last word.
 *
 * @param program the program
 * @param words the words after the program's name; the last is the one to complete, maybe empty
 */
export async function completionsOf(
  program: Command,
  words: readonly string[],
): Promise<Completions> {
  // Bash splits `--layout=even` at the equals sign.
  const parted = words.filter((word) => word !== "=");
  const current = words.at(-1) === "=" ? "" : parted.at(-1) ?? "";
  const before = words.at(-1) === "=" ? parted : parted.slice(0, -1);
  const verb = program.commands.find((command) => command.name() === before[0]);
  if (!verb) return before.length === 0 ? startingWith(current, verbsOf(program)) : [];
  return await completeVerb(verb, before.slice(1), current);
}

function verbsOf(program: Command): Candidate[] {
  const help = program.createHelp();
  return [
    ...help.visibleCommands(program).map((command) => ({
      value: command.name(),
      about: command.summary() || command.description(),
    })),
    ...optionNames(help.visibleOptions(program)),
  ];
}

async function completeVerb(
  verb: Command,
  before: readonly string[],
  current: string,
): Promise<Completions> {
  const options = verb.createHelp().visibleOptions(verb);
  const [flag = "", value] = current.split(/=(.*)/s);
  if (flag.startsWith("--") && value !== undefined) {
    const found = await valuesOf(optionNamed(options, flag));
    const full = found === "files"
      ? []
      : found.map((one) => ({ ...one, value: `${flag}=${one.value}` }));
    return startingWith(current, full);
  }
  if (current.startsWith("-")) return startingWith(current, optionNames(options));
  const open = optionNamed(options, before.at(-1));
  if (open?.required) return narrowed(current, await valuesOf(open));
  return narrowed(current, await argumentValues(verb, options, before));
}

async function argumentValues(
  verb: Command,
  options: readonly Option[],
  before: readonly string[],
): Promise<Completions> {
  const operands = before.filter((word, i) =>
    !word.startsWith("-") && !optionNamed(options, before[i - 1])?.required
  );
  const all = verb.registeredArguments;
  const argument = all[operands.length] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined);
  const found = await candidates(argument && sourceOf(argument));
  return found === "files" ? found : found.filter(({ value }) => !operands.includes(value));
}

function valuesOf(option: Option | undefined): Promise<Completions> {
  return candidates(option && sourceOf(option));
}

async function candidates(source: CompletionSource | undefined): Promise<Completions> {
  if (source === undefined || source === "files") return source ?? [];
  return (await source()).map((value) => ({ value, about: "" }));
}

function narrowed(current: string, found: Completions): Completions {
  return found === "files" ? found : startingWith(current, found);
}

function startingWith(current: string, found: readonly Candidate[]): Candidate[] {
  return found.filter(({ value }) => value.startsWith(current));
}

function optionNames(options: readonly Option[]): Candidate[] {
  return options.flatMap(({ long, description }) =>
    long ? [{ value: long, about: description }] : []
  );
}

function optionNamed(options: readonly Option[], word: string | undefined): Option | undefined {
  return options.find(({ long, short }) => word !== undefined && (long === word || short === word));
}
