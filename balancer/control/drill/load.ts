/**
 * A steady load on the public port, for drills.
 *
 * @module
 */
import type { DrillReport } from "../../answers/incident.ts";

/** The load: requests, clients and duration. */
interface LoadOptions {
  readonly url: string;
  /** Concurrent clients; each sends one request after the other. */
  readonly connections: number;
  readonly ms: number;
}

/**
 * Sends requests until the time is over, and waits for the last responses.
 *
 * @param options the load
 */
export async function drive({ url, connections, ms }: LoadOptions): Promise<DrillReport["load"]> {
  const statuses: Record<string, number> = {};
  const times: number[] = [];
  const until = performance.now() + ms;
  const client = async () => {
    while (performance.now() < until) {
      const startedAt = performance.now();
      const status = await ask(url);
      times.push(performance.now() - startedAt);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  times.sort((a, b) => a - b);
  return {
    requests: times.length,
    lost: Object.entries(statuses).reduce((sum, [s, n]) => sum + (isLoss(Number(s)) ? n : 0), 0),
    statuses,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    slowestMs: quantile(times, 1),
  };
}

/** @returns the status; 0 without a response, which a drill counts as lost */
async function ask(url: string): Promise<number> {
  try {
    const response = await fetch(url, { redirect: "manual" });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

function isLoss(status: number): boolean {
  return status === 0 || status >= 500;
}

function quantile(sorted: readonly number[], share: number): number {
  const at = Math.max(0, Math.ceil(sorted.length * share) - 1);
  return Math.round(10 * (sorted[at] ?? 0)) / 10;
}
