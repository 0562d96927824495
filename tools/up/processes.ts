/**
 * The processes that `up` started: found by the run id among their arguments, never by pid alone,
 * because pids are reused.
 *
 * @module
 */
import { NOT_FOUND, run } from "../command.ts";
import { ToolError } from "../tool.ts";

/** One line of ps. */
export interface Process {
  readonly pid: number;
  readonly args: string;
}

/** Interval of checks whether a process has ended. */
const LOOK_MS = 100;

/** Every process of this machine. */
export async function listProcesses(): Promise<Process[]> {
  const result = await run("ps", ["-A", "-ww", "-o", "pid=,stat=,args="]);
  if (result.code === NOT_FOUND) throw new ToolError("the program ps is not installed (procps)");
  if (result.code !== 0) throw new ToolError(`ps failed: ${result.stderr.trim()}`);
  return parseProcesses(result.stdout);
}

/**
 * Parses the output of `ps -o pid=,stat=,args=`. Zombies are left out: they have ended.
 *
 * @param text the output
 */
export function parseProcesses(text: string): Process[] {
  const processes: Process[] = [];
  for (const line of text.split("\n")) {
    const match = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    const [, pid, state, args = ""] = match ?? [];
    if (match && !state?.startsWith("Z")) {
      processes.push({ pid: Number(pid), args });
    }
  }
  return processes;
}

/** The balancer of a run: the process whose arguments contain the run id. */
export function balancerOf(processes: readonly Process[], runId: string): Process[] {
  return processes.filter((process) => process.args.includes(runId));
}

/** The balancer of a run, if running. */
export async function findRun(runId: string): Promise<Process | undefined> {
  return balancerOf(await listProcesses(), runId)[0];
}

/** Sends a signal. A process that has already ended is ignored. */
async function signal(name: "TERM" | "KILL", processes: readonly Process[]): Promise<void> {
  const pids = processes.map((process) => String(process.pid));
  await run("sh", ["-c", 'kill -s "$0" "$@"', name, ...pids]);
}

/**
 * Ends processes: SIGTERM, then SIGKILL after the grace time.
 *
 * @param find lists the remaining processes
 * @param graceMs milliseconds between SIGTERM and SIGKILL
 * @returns the number of processes
 */
export async function endAll(find: () => Promise<Process[]>, graceMs: number): Promise<number> {
  const found = await find();
  if (found.length === 0) return 0;
  await signal("TERM", found);
  if (!(await gone(find, graceMs))) {
    await signal("KILL", await find());
    await gone(find, graceMs);
  }
  return found.length;
}

async function gone(find: () => Promise<Process[]>, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while ((await find()).length > 0) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return true;
}
