/**
 * Names, weights and numbers on the command line.
 *
 * @module
 */
import { wrongUsage } from "../up/task_command.ts";

/** A replica's name, with an optional weight. */
interface NamedReplica {
  readonly name: string;
  readonly weight?: number;
}

/**
 * Parses `NAME` or `NAME=WEIGHT`. The balancer validates both.
 *
 * @param option the option, for the message
 * @param text the given text
 * @throws {ToolError} with exit code 2: the option, the expected form and the value
 */
export function namedReplica(option: string, text: string): NamedReplica {
  const [name = "", weight, ...more] = text.split("=");
  if (name === "" || more.length > 0) {
    throw wrongUsage(option, "NAME or NAME=WEIGHT", text);
  }
  return weight === undefined ? { name } : { name, weight: weightNumber(option, weight) };
}

/**
 * Parses a weight.
 *
 * @throws {ToolError} as {@linkcode namedReplica}
 */
export function weightNumber(option: string, text: string): number {
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Number(text);
  throw wrongUsage(option, "a weight such as 2 or 0.5", text);
}

/** Returns the given weights. */
export function weightsOf(replicas: readonly NamedReplica[]): Record<string, number> {
  return Object.fromEntries(
    replicas.flatMap(({ name, weight }) => weight === undefined ? [] : [[name, weight]]),
  );
}
