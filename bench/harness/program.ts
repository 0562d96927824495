/**
 * Programs that run in the background as long as a bench needs them.
 *
 * @module
 */
import { ROOT } from "../../tools/project.ts";

/** What to run. */
export interface Command {
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
}

/** Milliseconds that a program gets to end. */
const GRACE_MS = 3000;

/** As many open files as allowed; ends with the bench, however that ends; output into a log. */
const LASTING = `ulimit -n "$(ulimit -Hn)"; log=$1; shift
exec setpriv --pdeathsig TERM "$@" >>"$log" 2>&1 </dev/null`;

/** A program that runs. */
export interface Program extends AsyncDisposable {
  /** Its process; its children are found from there. */
  readonly pid: number;
  /** The file that holds what it wrote. */
  readonly log: string;
  /** True when it has ended by itself. */
  readonly ended: () => boolean;
  /** Ends it as `kill -9` does, and waits until it has ended. */
  readonly kill: () => Promise<void>;
}

/**
 * Starts a program in the project's root.
 *
 * @param command what to run
 * @param log the file that its output is appended to
 * @param graceMs milliseconds that it gets to end when it is asked to
 */
export function startProgram(command: Command, log: string, graceMs = GRACE_MS): Program {
  const child = new Deno.Command("sh", {
    args: ["-c", LASTING, "sh", log, ...command.args],
    env: command.env ?? {},
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  let ended = false;
  child.status.then(() => ended = true);
  return {
    pid: child.pid,
    log,
    ended: () => ended,
    kill: () => end(child, "SIGKILL", () => ended, graceMs),
    [Symbol.asyncDispose]: () => end(child, "SIGTERM", () => ended, graceMs),
  };
}

async function end(
  child: Deno.ChildProcess,
  signal: "SIGTERM" | "SIGKILL",
  ended: () => boolean,
  graceMs: number,
): Promise<void> {
  if (ended()) return;
  child.kill(signal);
  const timer = setTimeout(() => ended() || child.kill("SIGKILL"), graceMs);
  await child.status;
  clearTimeout(timer);
}
