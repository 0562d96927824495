/**
 * Changes of the ring under load: whether equal epochs have equal rings at all balancers, and for how
 * long balancers route by different epochs.
 *
 * @module
 */
import type { Own, OwnFront } from "./own.ts";

/** Pause of each client between two requests, in milliseconds: the resolution of the windows. */
const PAUSE_MS = 1;

/** The result of some changes. */
export interface Agreement {
  readonly changes: number;
  readonly responses: number;
  /** Epochs for which two responses had different digests. */
  readonly disagreeing: number;
  readonly lost: number;
  /** For each change, milliseconds from the first to the last balancer that routed by it. */
  readonly windowsMs: readonly number[];
  /** Milliseconds until each change was answered. */
  readonly answersMs: readonly number[];
}

/** Epochs and digests in responses. */
class Responses {
  readonly digests = new Map<string, Set<string>>();
  /** When each balancer first answered by an epoch. */
  readonly first: Map<string, number>[] = [];
  count = 0;
  lost = 0;

  note(balancer: number, { headers, status }: Response): void {
    this.count++;
    if (status !== 200) this.lost++;
    const epoch = headers.get("x-ring-epoch") ?? "none";
    const known = this.digests.get(epoch) ?? new Set();
    this.digests.set(epoch, known.add(headers.get("x-ring-digest") ?? "none"));
    const seen = this.first[balancer] ??= new Map();
    if (!seen.has(epoch)) seen.set(epoch, performance.now());
  }

  fail(error: unknown): void {
    if (!(error instanceof TypeError)) throw error;
    this.lost++;
    this.count++;
  }

  get windowsMs(): number[] {
    const epochs = [...this.digests.keys()].filter((epoch) =>
      this.first.every((s) => s.has(epoch))
    );
    return epochs.slice(1).map((epoch) => {
      const times = this.first.map((seen) => seen.get(epoch)!);
      return Math.max(...times) - Math.min(...times);
    });
  }
}

/**
 * Changes a weight at each balancer in turn, while one client asks each of them all the time.
 *
 * @param own the balancers
 * @param count number of changes
 */
export async function change({ fronts }: Own, count: number): Promise<Agreement> {
  const responses = new Responses();
  const running = new AbortController();
  const clients = fronts.map((one, at) => ask(one, at, responses, running.signal));
  const answersMs: number[] = [];
  try {
    for (let n = 0; n < count; n++) {
      answersMs.push(await changeWeight(fronts[n % fronts.length]!, 2 + n));
    }
  } finally {
    running.abort();
    await Promise.all(clients);
  }
  return {
    changes: count,
    responses: responses.count,
    disagreeing: [...responses.digests.values()].filter(({ size }) => size > 1).length,
    lost: responses.lost,
    windowsMs: responses.windowsMs,
    answersMs,
  };
}

/** Changes a weight. @returns milliseconds until the answer */
async function changeWeight({ balancer }: OwnFront, weight: number): Promise<number> {
  const begin = performance.now();
  const { status, body } = await balancer.call("PATCH", "/_lb/replicas/Server1", { weight });
  if (status !== 200) throw new Error(`a change failed: ${JSON.stringify(body)}`);
  return performance.now() - begin;
}

async function ask(
  { url }: OwnFront,
  at: number,
  responses: Responses,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const response = await fetch(`${url}/home`);
      await response.body?.cancel();
      responses.note(at, response);
    } catch (error) {
      responses.fail(error);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
