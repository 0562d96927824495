/**
 * The answer of `GET /_lb/load`: a few figures, for polling about once a second.
 *
 * @module
 */
import type { Load, ReplicaLoad } from "../answers/load.ts";
import type { DataPlaneCounts, ReplicaCounts } from "../proxy/stats/counter_snapshot.ts";
import type { Durations } from "../proxy/stats/counter_table.ts";
import { quantileMs } from "../proxy/stats/latency_buckets.ts";

/** Quantiles cover the time since the oldest of this many samples. */
const LOOKS = 11;

/** The sources of the load report. */
interface LoadSources {
  readonly counts: () => DataPlaneCounts;
  /** Request times so far, in memory that may be reused. */
  readonly durations: (reused: Durations | undefined) => Durations;
  /** The load in flight to a replica. */
  readonly inFlight: (name: string) => number;
}

/** Reports the load. It takes a sample once a second, to compare with. */
export class LoadReport {
  readonly #sources: LoadSources;
  #looks: Durations[] = [];

  constructor(sources: LoadSources) {
    this.#sources = sources;
  }

  /** Takes a sample. */
  look(): void {
    const oldest = this.#looks.length === LOOKS ? this.#looks.shift() : undefined;
    this.#looks.push(this.#sources.durations(oldest));
  }

  /**
   * Returns the present load.
   *
   * @param now milliseconds since the epoch
   */
  report(now: number): Load {
    const { workers, replicas } = this.#sources.counts();
    const { held = 0, retried = 0, spilled = 0, lost = 0 } = workers.tolls;
    const loads = [...replicas].map(([name, counts]) => [name, this.#loadOf(name, counts)]);
    return {
      at: now,
      requests: workers.all,
      errors: workers.errors,
      held,
      retried,
      spilled,
      lost,
      holding: workers.holding,
      connections: workers.connections,
      replicas: Object.fromEntries(loads),
    };
  }

  #loadOf(name: string, { requests, duration }: ReplicaCounts): ReplicaLoad {
    const before = this.#looks[0]?.get(name);
    const recent = duration.steps.map((count, step) => count - (before?.[step] ?? 0));
    return {
      requests: sum(requests),
      errors: sum(requests.filter(({ outcome }) => outcome === "5xx" || outcome === "broken")),
      inFlight: this.#sources.inFlight(name),
      p50Ms: rounded(quantileMs(recent, 0.5)),
      p99Ms: rounded(quantileMs(recent, 0.99)),
    };
  }
}

function sum(requests: ReplicaCounts["requests"]): number {
  return requests.reduce((total, { count }) => total + count, 0);
}

/** Rounded to hundredths, which is finer than the latency scale. */
function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(100 * ms) / 100;
}
