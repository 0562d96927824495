/**
 * How a tool ends: quietly, or with an error that says what to do.
 *
 * @module
 */
import { complain } from "./print.ts";

/** Exit code for a command line that cannot be understood. */
export const USAGE = 2;

/** An error whose message is meant for the user: no stack is shown. */
export class ToolError extends Error {
  override readonly name = "ToolError";

  constructor(message: string, readonly exitCode = 1) {
    super(message);
  }
}

/**
 * Runs a tool and ends the program with its exit code.
 *
 * @param main the tool; what it resolves to is the exit code, 0 where it resolves to nothing
 */
export async function runTool(main: () => Promise<number | void>): Promise<never> {
  try {
    Deno.exit((await main()) ?? 0);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    complain(`error: ${error.message}`);
    Deno.exit(error.exitCode);
  }
}
