/**
 * Names, weights and numbers on the command line.
 *
 * @module
 */
import { wrongUsage } from "../up/task_command.ts";

/** A replica by name, with a weight where one was given. */
interface NamedReplica {
  readonly name: string;
  readonly weight?: number;
}

/**
 * Reads `NAME` or `NAME=WEIGHT`. Which names and weights there may be, the balancer decides.
 *
 * @param option where it was given
 * @param text what was given
 * @throws {ToolError} with exit code 2: the option, what it must be and what it was
 */
export function namedReplica(option: string, text: string): NamedReplica {
  const [name = "", weight, ...more] = text.split("=");
  if (name === "" || more.length > 0) {
    throw wrongUsage(option, "NAME or NAME=WEIGHT", text);
  }
  return weight === undefined ? { name } : { name, weight: weightNumber(option, weight) };
}

/**
 * Reads a weight.
 *
 * @throws {ToolError} as {@linkcode namedReplica}
 */
export function weightNumber(option: string, text: string): number {
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Number(text);
  throw wrongUsage(option, "a weight such as 2 or 0.5", text);
}

/** The weights that were given. */
export function weightsOf(replicas: readonly NamedReplica[]): Record<string, number> {
  return Object.fromEntries(
    replicas.flatMap(({ name, weight }) => weight === undefined ? [] : [[name, weight]]),
  );
}
