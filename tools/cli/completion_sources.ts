/**
 * Sources of completions for values of options and arguments, besides fixed choices.
 *
 * @module
 */
import type { Argument, Option } from "commander";

/** Returns all values that are possible now. `files` represents file names. */
export type CompletionSource = "files" | (() => Promise<readonly string[]>);

const SOURCES = new WeakMap<Argument | Option, CompletionSource>();

/**
 * Registers the source of completions of an option or an argument.
 *
 * @param target the option or argument
 * @param source the source
 */
export function completedBy<T extends Argument | Option>(target: T, source: CompletionSource): T {
  SOURCES.set(target, source);
  return target;
}

/** Returns the source of completions of an option or an argument; undefined if there is none. */
export function sourceOf(target: Argument | Option): CompletionSource | undefined {
  const { argChoices } = target;
  return argChoices ? () => Promise.resolve(argChoices) : SOURCES.get(target);
}
