/**
 * Programs that run in the background as long as a bench needs them, and their ports.
 *
 * @module
 */
import { run } from "../../tools/command.ts";
import { ROOT } from "../../tools/project.ts";
import { ToolError } from "../../tools/tool.ts";
import { now } from "./clock.ts";

/** A program with its arguments and environment. */
export interface Command {
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
}

/** Milliseconds that a program gets to end. */
const GRACE_MS = 3000;
/** Milliseconds between two looks at a server that starts, and the longest wait for it. */
const LOOK_MS = 50;
const START_MS = 10_000;

/** As many open files as allowed; ends with the bench, however that ends; output into a log. */
const LASTING = `ulimit -n "$(ulimit -Hn)"; log=$1; shift
exec setpriv --pdeathsig TERM "$@" >>"$log" 2>&1 </dev/null`;

/** A program that runs. */
export interface Program extends AsyncDisposable {
  /** Its process; its children are found from there. */
  readonly pid: number;
  /** The file with its output. */
  readonly log: string;
  /** True when it has ended by itself. */
  readonly ended: () => boolean;
  /** Ends it as `kill -9` does, and waits until it has ended. */
  readonly kill: () => Promise<void>;
}

/**
 * Starts a program in the project's root.
 *
 * @param command the program to run
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

/**
 * Sends a signal to a process. Also to a container's process: `docker kill` counts as a stop by hand
 * for some versions of Docker, which then do not restart it.
 *
 * @param signal `KILL`, `STOP`, ...
 * @param pid its number on this machine
 * @returns when, in milliseconds since the epoch
 * @throws {ToolError} there is no such process
 */
export async function signalProcess(signal: "KILL" | "STOP", pid: number): Promise<number> {
  const script = 'date +%s.%N; kill -"$1" "$2"';
  const { code, stdout, stderr } = await run("sh", ["-c", script, "sh", signal, String(pid)]);
  if (code !== 0) throw new ToolError(`kill -${signal} ${pid}: ${stderr.trim()}`);
  return Number(stdout) * 1000;
}

/** A free TCP port of the loopback address. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/**
 * Waits until a server answers a request with success.
 *
 * @param url the request
 * @param gaveUp true when waiting is pointless, as the server has ended
 * @returns whether it answers within ten seconds
 */
export async function answers(url: string, gaveUp: () => boolean): Promise<boolean> {
  for (const deadline = now() + START_MS; now() < deadline && !gaveUp();) {
    if (await answersNow(url)) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return false;
}

async function answersNow(url: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(1000);
    const response = await fetch(url, { headers: { connection: "close" }, signal });
    await response.body?.cancel();
    return response.ok;
  } catch {
    // It does not listen yet, or has not answered in time.
    return false;
  }
}
