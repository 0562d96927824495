/**
 * Where completions of an option's value or of an argument come from, beside its choices.
 *
 * @module
 */
import type { Argument, Option } from "commander";

/** Finds all values that are possible now. `files` stands for the names of files. */
export type CompletionSource = "files" | (() => Promise<readonly string[]>);

const SOURCES = new WeakMap<Argument | Option, CompletionSource>();

/**
 * Notes where the completions of an option or an argument come from.
 *
 * @param target the option or argument
 * @param source finds them
 */
export function completedBy<T extends Argument | Option>(target: T, source: CompletionSource): T {
  SOURCES.set(target, source);
  return target;
}

/** Where the completions of an option or an argument come from; undefined where none are known. */
export function sourceOf(target: Argument | Option): CompletionSource | undefined {
  const { argChoices } = target;
  return argChoices ? () => Promise.resolve(argChoices) : SOURCES.get(target);
}
