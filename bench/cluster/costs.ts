/**
 * Memory and processor time of balancers at rest.
 *
 * @module
 */
import { usageAtRest } from "../harness/usage.ts";

/** Seconds at rest. */
const REST_S = 5;

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
  const all = await Promise.all(pids.map((pid) => usageAtRest(pid, REST_S)));
  return { rssMb: all.map(({ rss }) => rss / 2 ** 20), cpu: all.map(({ cpu }) => cpu) };
}
