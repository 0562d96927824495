/**
 * The command of `deno task balancer`, so that a balancer in the background has the same
 * permissions as one in the foreground.
 *
 * @module
 */
import { expandCommand } from "../../balancer/engine/command.ts";
import { ROOT } from "../project.ts";

/** Arguments for Deno that run the balancer. */
export async function balancerArgs(): Promise<string[]> {
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  return denoArgs(config.tasks.balancer);
}

/**
 * Adds paths to those that a program may read.
 *
 * @param args arguments of `deno run` with `--allow-read=...`
 * @param paths the paths
 */
export function mayRead(args: readonly string[], paths: readonly string[]): string[] {
  const more = paths.map((path) => `,${path}`).join("");
  return args.map((arg) => arg.startsWith("--allow-read=") ? arg + more : arg);
}

/**
 * Returns the arguments of a task whose only command is Deno.
 *
 * @param task the task's command line, `deno run ...`
 */
export function denoArgs(task: string): string[] {
  const [program, ...args] = expandCommand(task, {});
  if (program === "deno") return args;
  throw new Error(`the task must begin with "deno": ${task}`);
}
