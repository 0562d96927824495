/**
 * The requested change, from the options of `plan`.
 *
 * @module
 */
import { wrongUsage } from "../up/task_command.ts";
import type { ChangeRequest } from "./api.ts";
import { namedReplica, weightsOf } from "./names.ts";

/** The options of a change. */
export interface ChangeOptions {
  readonly add?: number;
  readonly name?: readonly string[];
  readonly remove?: readonly string[];
  readonly weight?: readonly string[];
  readonly slots?: number;
  readonly virtualServers?: number;
  readonly layout?: string;
  readonly hashes?: string;
}

/**
 * Builds the request, with only the given options.
 *
 * @param options the given options
 * @throws {ToolError} with exit code 2: the option, the expected form and the value
 */
export function changeRequestOf(
  { name = [], weight = [], ...options }: ChangeOptions,
): ChangeRequest {
  const added = name.map((text) => namedReplica("--name", text));
  const weights = { ...weightsOf(added), ...weightsOf(weight.map(weighted)) };
  const { add, remove, slots, virtualServers, layout, hashes } = options;
  const request = { add, remove, slots, virtualServers, layout, hashes };
  return {
    ...Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined)),
    ...(added.length === 0 ? {} : { hostnames: added.map(({ name }) => name) }),
    ...(Object.keys(weights).length === 0 ? {} : { weights }),
  };
}

function weighted(text: string): { readonly name: string; readonly weight: number } {
  const { name, weight } = namedReplica("--weight", text);
  if (weight === undefined) throw wrongUsage("--weight", "NAME=WEIGHT", text);
  return { name, weight };
}
