/**
 * What `GET /_lb/load` says: few numbers, to be asked for about once a second.
 *
 * @module
 */
import type { Load, ReplicaLoad } from "../answers/load.ts";
import type { DataPlaneCounts, ReplicaCounts } from "../proxy/stats/counter_snapshot.ts";
import type { Durations } from "../proxy/stats/counter_table.ts";
import { quantileMs } from "../proxy/stats/latency_buckets.ts";

/** Quantiles are of the time since the oldest of so many looks. */
const LOOKS = 11;

/** What the load is reported from. */
interface LoadSources {
  readonly counts: () => DataPlaneCounts;
  /** How long requests took up to now, in memory that may be used again. */
  readonly durations: (reused: Durations | undefined) => Durations;
  /** What is in flight to a replica. */
  readonly inFlight: (name: string) => number;
}

/** Reports the load. It has to look once a second, so that it knows how things were. */
export class LoadReport {
  readonly #sources: LoadSources;
  #looks: Durations[] = [];

  constructor(sources: LoadSources) {
    this.#sources = sources;
  }

  /** Looks. */
  look(): void {
    const oldest = this.#looks.length === LOOKS ? this.#looks.shift() : undefined;
    this.#looks.push(this.#sources.durations(oldest));
  }

  /**
   * The load right now.
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

/** To hundredths: more than the scale knows. */
function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(100 * ms) / 100;
}
