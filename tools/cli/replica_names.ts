/**
 * Completes replica names by a call to the balancer.
 *
 * @module
 */
import type { Argument, Option } from "commander";
import { ToolError } from "../tool.ts";
import { apiOf } from "./command.ts";
import { completedBy } from "./completion_sources.ts";

/**
 * Registers an option or argument as a replica's name.
 *
 * @param target the option or argument
 * @param ending text after the name, such as `=`
 */
export function completedByReplicas<T extends Argument | Option>(target: T, ending = ""): T {
  return completedBy(target, async () => (await replicaNames()).map((name) => name + ending));
}

/** Empty if no balancer answers: a completion has no place for errors. */
async function replicaNames(): Promise<readonly string[]> {
  try {
    return (await (await apiOf({})).names()).body.message.replicas;
  } catch (error) {
    if (error instanceof ToolError) return [];
    throw error;
  }
}
