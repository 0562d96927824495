/**
 * How a bench ends early.
 *
 * @module
 */
import { complain } from "../../tools/print.ts";
import { ToolError } from "../../tools/tool.ts";
import { now } from "./clock.ts";

/** Exit code after Ctrl-C, as shells have it. */
const INTERRUPTED = 130;

/** A signal so many milliseconds after another is the same one. */
const ECHO_MS = 1000;

/** Aborted by the first SIGINT or SIGTERM, so that the run ends in order. A later one ends it at once. */
export function interruptible(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  const interrupt = () => {
    // A terminal's Ctrl-C comes twice: to this process, and by way of `deno task`.
    if (controller.signal.aborted && now() - first < ECHO_MS) return;
    if (controller.signal.aborted) Deno.exit(INTERRUPTED);
    first = now();
    complain("interrupted: clearing away");
    controller.abort(new ToolError("interrupted", INTERRUPTED));
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, interrupt);
  return controller.signal;
}
