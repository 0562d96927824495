/**
 * The packages that the programs and the command line import.
 *
 * @module
 */
import { run, sameDeno } from "../command.ts";
import { ToolError } from "../tool.ts";

const ENTRY_POINTS = ["balancer/main.ts", "replica/main.ts", "tools/up/up.ts", "tools/cli/top.ts"];

/**
 * Downloads missing packages, exactly as deno.lock has them, so that a starting program has nothing
 * left to fetch. Quick if everything is present.
 *
 * @throws {ToolError} with Deno's message
 */
export async function cacheDependencies(): Promise<void> {
  const result = await run("sh", sameDeno(["cache", "--quiet", "--frozen", ...ENTRY_POINTS]));
  if (result.code === 0) return;
  throw new ToolError(`the dependencies could not be fetched:\n${result.stderr.trim()}`);
}
