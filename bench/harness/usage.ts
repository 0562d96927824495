/**
 * A program's use of processor and memory, all its processes and threads together.
 *
 * @module
 */
import { run } from "../../tools/command.ts";
import { PROXY_CORE } from "./pinned.ts";

/** A program's use up to a moment. */
interface Usage {
  /** Nanoseconds of each living thread, user and system, by `process/thread`. */
  readonly threads: ReadonlyMap<string, number>;
  /** Nanoseconds of each process by the clock of /proc/PID/stat, threads that ended included. */
  readonly processes: ReadonlyMap<string, number>;
  /** Bytes that are resident now. */
  readonly rss: number;
  /** Bytes that were resident at most, the sum of the processes' peaks. */
  readonly peakRss: number;
  /** Nanoseconds that the proxies' core was busy with any work. */
  readonly core: number;
}

/** Deno may not read /proc without all permissions, a shell may. */
const READ_PROC = `tree() {
  echo "$1"
  for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do tree "$child"; done
}
for pid in $(tree "$1"); do
  for task in /proc/"$pid"/task/*; do
    read -r ns rest <"$task/schedstat" && echo "thread $pid/\${task##*/} $ns"
  done
  read -r stat <"/proc/$pid/stat" && echo "process $pid \${stat##*) }"
  sed -n 's/^Vm\\(HWM\\|RSS\\):/memory \\1/p' "/proc/$pid/status"
done 2>/dev/null
sed -n "s/^cpu$2 /core cpu /p" /proc/stat`;

/** Nanoseconds of one tick in /proc/PID/stat. */
const TICK_NS = 1e7;
/** Fields of /proc/PID/stat, counted from the one behind the program's name. */
const UTIME = 11;
const STIME = 12;
/** Fields of a core in /proc/stat that are no work: idle, and waiting for the disk. */
const IDLE = [3, 4];
/** How many fields there are before those for guests, which are counted in others. */
const CORE_FIELDS = 8;

/** Reads the use of a program and its children so far. */
export async function readUsage(pid: number): Promise<Usage> {
  const { stdout } = await run("sh", ["-c", READ_PROC, "sh", String(pid), String(PROXY_CORE)]);
  return parseUsage(stdout);
}

/** Reads the output of the script above. */
export function parseUsage(text: string): Usage {
  const threads = new Map<string, number>();
  const processes = new Map<string, number>();
  const memory = { RSS: 0, HWM: 0 };
  let core = 0;
  for (const line of text.split("\n")) {
    const [kind, name = "", ...fields] = line.trim().split(/\s+/);
    if (kind === "thread") threads.set(name, Number(fields[0]));
    if (kind === "process") {
      processes.set(name, (Number(fields[UTIME]) + Number(fields[STIME])) * TICK_NS);
    }
    if (kind === "memory" && (name === "RSS" || name === "HWM")) {
      memory[name] += Number(fields[0]) * 1024;
    }
    if (kind === "core") core = busyTicks(fields.map(Number)) * TICK_NS;
  }
  return { threads, processes, rss: memory.RSS, peakRss: memory.HWM, core };
}

function busyTicks(fields: readonly number[]): number {
  const work = fields.slice(0, CORE_FIELDS).filter((_, at) => !IDLE.includes(at));
  return work.reduce((sum, ticks) => sum + ticks, 0);
}

/**
 * Nanoseconds of processor time between two moments. By the threads' own clocks, which are exact;
 * where a thread has ended in between, its clock is gone, and the processes' coarser ones count.
 */
export function cpuBetween(before: Usage, after: Usage): number {
  const lost = [...before.threads.keys()].some((name) => !after.threads.has(name));
  return lost ? growth(before.processes, after.processes) : growth(before.threads, after.threads);
}

function growth(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [name, value] of after) sum += value - (before.get(name) ?? 0);
  return sum;
}

/** The costs of a program without load. */
interface RestCosts {
  /** Part of a core, of all its threads together. */
  readonly cpu: number;
  /** Bytes that are resident. */
  readonly rss: number;
}

/**
 * Measures a program that is at rest.
 *
 * @param pid its process
 * @param seconds length of the measurement
 */
export async function usageAtRest(pid: number, seconds: number): Promise<RestCosts> {
  const [before, from] = [await readUsage(pid), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const [after, to] = [await readUsage(pid), performance.now()];
  return { cpu: cpuBetween(before, after) / 1e6 / (to - from), rss: after.rss };
}
