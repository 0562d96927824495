/**
 * The packages that the programs and the commands of the terminal are made of.
 *
 * @module
 */
import { run, sameDeno } from "../command.ts";
import { ToolError } from "../tool.ts";

const ENTRY_POINTS = ["balancer/main.ts", "replica/main.ts", "tools/up/up.ts", "tools/cli/top.ts"];

/**
 * Downloads what is not there yet, exactly as deno.lock has it, so that a program that starts has
 * nothing left to fetch. Quick where everything is there.
 *
 * @throws {ToolError} with what Deno says
 */
export async function cacheDependencies(): Promise<void> {
  const result = await run("sh", sameDeno(["cache", "--quiet", "--frozen", ...ENTRY_POINTS]));
  if (result.code === 0) return;
  throw new ToolError(`the dependencies could not be fetched:\n${result.stderr.trim()}`);
}
