/**
 * Programs that run in the background on a core of their own.
 *
 * @module
 */
import { ROOT } from "../../tools/project.ts";

/** What to run. */
export interface Command {
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
}

/** Core of the load generators and the upstreams. */
export const LOAD_CORE = 0;
/** Core of the proxy that is measured. */
export const PROXY_CORE = 1;

/** Milliseconds that a program gets to end. */
const GRACE_MS = 3000;

/** As many open files as allowed; ends with the bench, however that ends; output into a log. */
const PINNED = `ulimit -n "$(ulimit -Hn)"; log=$1; core=$2; shift 2
exec setpriv --pdeathsig TERM taskset -c "$core" "$@" >"$log" 2>&1 </dev/null`;

/** A program that runs. */
export interface Program extends AsyncDisposable {
  /** Its process; its children are found from there. */
  readonly pid: number;
  /** The file that holds what it wrote. */
  readonly log: string;
  /** True when it has ended by itself. */
  readonly ended: () => boolean;
}

/**
 * Starts a program in the project's root.
 *
 * @param command what to run
 * @param core the core that it may use
 * @param log the file for its output
 */
export function startPinned(command: Command, core: number, log: string): Program {
  const child = new Deno.Command("sh", {
    args: ["-c", PINNED, "sh", log, String(core), ...command.args],
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
    [Symbol.asyncDispose]: () => stop(child, () => ended),
  };
}

async function stop(child: Deno.ChildProcess, ended: () => boolean): Promise<void> {
  if (ended()) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => ended() || child.kill("SIGKILL"), GRACE_MS);
  await child.status;
  clearTimeout(timer);
}
