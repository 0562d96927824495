/**
 * Memory and processor time of balancers at rest.
 *
 * @module
 */
import { run } from "../../tools/command.ts";

/** Seconds at rest. */
const REST_S = 5;

/** Ticks of the kernel's accounting in a second (USER_HZ, proc(5)). */
const TICKS = 100;

/** Costs of each balancer. */
export interface Costs {
  /** Resident memory, in megabytes. */
  readonly rssMb: readonly number[];
  /** Part of a core. */
  readonly cpu: readonly number[];
}

/**
 * Measures processes at rest.
 *
 * @param pids the processes
 */
export async function costs(pids: readonly number[]): Promise<Costs> {
  const before = await Promise.all(pids.map(ticksOf));
  await new Promise((resolve) => setTimeout(resolve, REST_S * 1000));
  const after = await Promise.all(pids.map(ticksOf));
  return {
    rssMb: await Promise.all(pids.map(rssOf)),
    cpu: after.map((ticks, at) => (ticks - before[at]!) / TICKS / REST_S),
  };
}

/** User and system time: the 14th and 15th field of proc(5), `stat`; the second may hold spaces. */
async function ticksOf(pid: number): Promise<number> {
  const text = await contentOf(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

async function rssOf(pid: number): Promise<number> {
  const text = await contentOf(`/proc/${pid}/status`);
  return Number(/VmRSS:\s*(\d+)/.exec(text)?.[1] ?? 0) / 1024;
}

/** Deno itself reads /proc only with every permission. */
async function contentOf(path: string): Promise<string> {
  return (await run("sh", ["-c", 'cat "$0"', path])).stdout;
}
