/**
 * Clients of HTTP that others have written.
 *
 * @module
 */
import { within } from "./raw.ts";

/** Whether a program runs with these arguments. */
export async function installed(...args: [string, ...string[]]): Promise<boolean> {
  const { success } = await new Deno.Command("sh", { args: ["-c", '"$@"', "sh", ...args] })
    .output();
  return success;
}

/**
 * Runs a client to its end.
 *
 * @param program the program
 * @param args its arguments
 * @returns its standard output, then its standard error
 */
export async function runClient(program: string, ...args: string[]): Promise<string> {
  const output = new Deno.Command(program, { args }).output();
  const { stdout, stderr } = await within(program, output, 60_000);
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}
