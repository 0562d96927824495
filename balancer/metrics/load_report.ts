/**
 * The answer of `GET /_lb/load`: a few figures, for polling about once a second.
 *
 * @module
 */
import type { Load, ReplicaLoad } from "../answers/load.ts";
import type { CounterReader, ReplicaTimes, TimesByName } from "../proxy/stats/counter_table.ts";
import { quantileMs, STEP_COUNT } from "../proxy/stats/latency_buckets.ts";

/** Quantiles cover the time since the oldest of this many samples. */
const LOOKS = 11;

/** The sources of the load report. */
interface LoadSources {
  readonly counters: CounterReader;
  /** The load in flight to a replica. */
  readonly inFlight: (name: string) => number;
}

/** Reports the load. It takes a sample once a second, to compare with. */
export class LoadReport {
  readonly #sources: LoadSources;
  #looks: TimesByName[] = [];
  /** Memory of the times of the present report. */
  #present: TimesByName = new Map();

  constructor(sources: LoadSources) {
    this.#sources = sources;
    this.look();
  }

  /** Takes a sample. */
  look(): void {
    const oldest = this.#looks.length === LOOKS ? this.#looks.shift() : undefined;
    this.#looks.push(this.#sources.counters.times(oldest));
  }

  /**
   * Returns the present load.
   *
   * @param now milliseconds since the epoch
   */
  report(now: number): Load {
    const { counters } = this.#sources;
    const { all, errors, costs, holding, connections } = counters.workerCounts();
    const { held = 0, retried = 0, spilled = 0, lost = 0 } = costs;
    const times = this.#present = counters.times(this.#present);
    const loads = [...times].map(([name, times]) => [name, this.#loadOf(name, times)]);
    return {
      at: now,
      requests: all,
      errors,
      held,
      retried,
      spilled,
      lost,
      holding,
      connections,
      replicas: Object.fromEntries(loads),
    };
  }

  #loadOf(name: string, { counters, firstByte, hold }: ReplicaTimes): ReplicaLoad {
    const oldest = this.#looks[0]?.get(name);
    const before = oldest?.counters === counters ? oldest : undefined;
    const replica = since(firstByte, before?.firstByte, FIRST_BYTE);
    const waits = since(hold, before?.hold, HOLD);
    return {
      ...this.#sources.counters.answered(name),
      inFlight: this.#sources.inFlight(name),
      p50Ms: quantile(replica, 0.5),
      p99Ms: quantile(replica, 0.99),
      holdP99Ms: quantile(waits, 0.99),
    };
  }
}

/** Memory of the differences of one replica, which are read at once. */
const FIRST_BYTE = new Uint32Array(STEP_COUNT);
const HOLD = new Uint32Array(STEP_COUNT);

/**
 * Differences of `Uint32` counts, which may have wrapped.
 *
 * @returns undefined where all are 0
 */
function since(
  now: Uint32Array,
  before: Uint32Array | undefined,
  into: Uint32Array,
): Uint32Array | undefined {
  let any = 0;
  for (let step = 0; step < STEP_COUNT; step++) {
    any |= into[step] = before === undefined ? now[step]! : now[step]! - before[step]!;
  }
  return any === 0 ? undefined : into;
}

/** In milliseconds, rounded to hundredths, which is finer than the latency scale. */
function quantile(times: Uint32Array | undefined, share: number): number | null {
  const ms = times ? quantileMs(times, share) : null;
  return ms === null ? null : Math.round(100 * ms) / 100;
}
