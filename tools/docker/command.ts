/**
 * Calls of the `docker` command that must succeed.
 *
 * @module
 */
import { run } from "../command.ts";
import { ToolError } from "../tool.ts";

/**
 * Runs `docker`.
 *
 * @param args its arguments
 * @returns its output; empty if the object no longer exists
 * @throws {ToolError} with the command's standard error
 */
export async function docker(args: readonly string[]): Promise<string> {
  const result = await run("docker", args);
  // An object may have disappeared after it was listed, which is the goal.
  if (result.code === 0 || /no such|not found/i.test(result.stderr)) return result.stdout.trim();
  throw new ToolError(`docker ${args[0]}: ${result.stderr.trim()}`);
}

/** The ids in a listing of `docker`, one per line. */
export async function ids(args: readonly string[]): Promise<string[]> {
  return (await docker(args)).split("\n").filter((line) => line !== "");
}
