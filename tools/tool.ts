/**
 * The end of a tool: an exit code, or an error with a remedy.
 *
 * @module
 */
import { printError } from "./print.ts";

/** Exit code for an invalid command line. */
export const USAGE = 2;

/** An error whose message is meant for the user, without a stack trace. */
export class ToolError extends Error {
  override readonly name = "ToolError";

  constructor(message: string, readonly exitCode = 1) {
    super(message);
  }
}

/**
 * Runs a tool and ends the program with its exit code.
 *
 * @param main the tool; it resolves to the exit code, or to nothing for 0
 */
export async function runTool(main: () => Promise<number | void>): Promise<never> {
  try {
    Deno.exit((await main()) ?? 0);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    printError(`error: ${error.message}`);
    Deno.exit(error.exitCode);
  }
}
