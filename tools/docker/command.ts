/**
 * Calls of the `docker` command that have to succeed.
 *
 * @module
 */
import { run } from "../command.ts";
import { ToolError } from "../tool.ts";

/**
 * Runs `docker`.
 *
 * @param args its arguments
 * @returns what it wrote; empty where the object is gone already
 * @throws {ToolError} with what it wrote to standard error
 */
export async function docker(args: readonly string[]): Promise<string> {
  const result = await run("docker", args);
  // An object that was listed a moment ago may have gone by itself, which is the goal.
  if (result.code === 0 || /no such|not found/i.test(result.stderr)) return result.stdout.trim();
  throw new ToolError(`docker ${args[0]}: ${result.stderr.trim()}`);
}

/** The ids that a listing of `docker` prints, one a line. */
export async function ids(args: readonly string[]): Promise<string[]> {
  return (await docker(args)).split("\n").filter((line) => line !== "");
}
