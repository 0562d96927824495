/**
 * How a bench begins, and how it ends early.
 *
 * @module
 */
import { printError } from "../../tools/print.ts";
import { runTool, ToolError } from "../../tools/tool.ts";
import { takeLock } from "../../tools/up/lock.ts";
import { now } from "./clock.ts";
import type { BenchOptions } from "./options.ts";

/** Exit code after Ctrl-C, as shells have it. */
const INTERRUPTED = 130;

/** A second signal within this many milliseconds is the echo of the first. */
const ECHO_MS = 1000;

/**
 * Runs a bench and ends the program.
 *
 * @param lock name of the lock that keeps other runs of the same bench away
 * @param options its command line
 * @param play the bench
 */
export function runBench<T>(
  lock: string,
  options: BenchOptions<T>,
  play: (options: T) => Promise<void>,
): Promise<never> {
  return runTool(async () => {
    const given = await options.read(Deno.args);
    if (!given) return;
    using _lock = await takeLock(lock);
    await play(given);
  });
}

/** Aborted by the first SIGINT or SIGTERM, so that the run ends in order. A later one ends it at once. */
export function interruptible(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  const interrupt = () => {
    // A terminal's Ctrl-C comes twice: to this process, and by way of `deno task`.
    if (controller.signal.aborted && now() - first < ECHO_MS) return;
    if (controller.signal.aborted) Deno.exit(INTERRUPTED);
    first = now();
    printError("interrupted: clearing away");
    controller.abort(new ToolError("interrupted", INTERRUPTED));
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, interrupt);
  return controller.signal;
}
