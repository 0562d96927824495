/**
 * Completion of replica names, by asking the balancer.
 *
 * @module
 */
import type { Argument, Option } from "commander";
import { ToolError } from "../tool.ts";
import { apiOf } from "./command.ts";
import { completedBy } from "./completion_sources.ts";

/**
 * Notes that an option or argument is the name of a replica.
 *
 * @param target the option or argument
 * @param ending what follows the name, such as `=`
 */
export function completedByReplicas<T extends Argument | Option>(target: T, ending = ""): T {
  return completedBy(target, async () => (await replicaNames()).map((name) => name + ending));
}

/** None where no balancer answers: a completion has no place for errors. */
async function replicaNames(): Promise<readonly string[]> {
  try {
    return (await (await apiOf({})).names()).body.message.replicas;
  } catch (error) {
    if (error instanceof ToolError) return [];
    throw error;
  }
}
