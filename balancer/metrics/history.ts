/**
 * The history of the balancer: samples of the last 15 minutes at one second and of the last 24 hours
 * at one minute, in memory of a fixed size. Rates are differences of counters; quantiles are those
 * of the requests of one sample.
 *
 * @module
 */
import type { History as Report, HistoryQuery, HistorySeries } from "../answers/history.ts";
import type { Clock } from "../clock.ts";
import type { EventLogEntry } from "../fleet/incidents/event_log.ts";
import { COST_KINDS, OUTCOMES } from "../proxy/stats/counter_layout.ts";
import type { CounterReader } from "../proxy/stats/counter_table.ts";
import { type CounterTotals, emptyTotals } from "../proxy/stats/counter_totals.ts";
import { quantileMs, STEP_COUNT } from "../proxy/stats/latency_buckets.ts";
import type { HistoryMarks } from "./history_marks.ts";
import { SampleRing } from "./sample_ring.ts";

/** The series in the order of their columns. */
const SERIES = [
  ...OUTCOMES,
  ...COST_KINDS,
  "receivedBytes",
  "sentBytes",
  "p50Ms",
  "p99Ms",
  "replicaP50Ms",
  "replicaP99Ms",
  "holdP50Ms",
  "holdP99Ms",
  "holding",
  "connections",
  "ready",
  "desired",
] as const;

const MINUTE_MS = 60_000;
const STEPS = {
  second: { stepMs: 1000, kept: 15 * 60 },
  minute: { stepMs: MINUTE_MS, kept: 24 * 60 },
} as const;

/** The sources of the history. */
interface HistorySources {
  readonly counters: Pick<CounterReader, "totals">;
  readonly marks: HistoryMarks;
  readonly replicas: () => { readonly ready: number; readonly desired: number };
  readonly clock: Pick<Clock, "now" | "wallClock">;
}

/** The totals at an instant, and the gauges since then. */
interface Begin {
  totals: CounterTotals;
  at: number;
  holding: number;
  connections: number;
  ready: number;
}

/** Keeps the history. It takes a sample once a second. */
export class History {
  readonly #sources: HistorySources;
  readonly #rings = {
    second: new SampleRing(STEPS.second.kept, SERIES.length),
    minute: new SampleRing(STEPS.minute.kept, SERIES.length),
  };
  readonly #second: Begin;
  readonly #minute: Begin;
  /** Memory for the present totals. */
  #totals: CounterTotals = emptyTotals();
  readonly #values = new Float64Array(SERIES.length);

  constructor(sources: HistorySources) {
    this.#sources = sources;
    this.#second = begin(sources.clock.now());
    this.#minute = begin(sources.clock.now());
    sources.counters.totals(this.#second.totals);
    sources.counters.totals(this.#minute.totals);
  }

  /** Takes an event of the fleet, which may become a mark. */
  note(entry: EventLogEntry): void {
    this.#sources.marks.note(entry);
  }

  /** Takes a sample. */
  look(): void {
    const { counters, clock, replicas } = this.#sources;
    const [now, fleet] = [clock.now(), replicas()];
    counters.totals(this.#totals);
    for (const begin of [this.#second, this.#minute]) {
      begin.holding = Math.max(begin.holding, this.#totals.holding);
      begin.connections = Math.max(begin.connections, this.#totals.connections);
      begin.ready = Math.min(begin.ready, fleet.ready);
    }
    const isMinute = now - this.#minute.at >= MINUTE_MS;
    if (isMinute) this.#store("minute", this.#minute, now, fleet.desired);
    this.#store("second", this.#second, now, fleet.desired);
    if (isMinute) copyTotals(this.#minute.totals, this.#second.totals);
  }

  /** Returns the samples and the marks after a date. */
  report({ step, since }: HistoryQuery): Report {
    const { clock, marks } = this.#sources;
    const { dates, column } = this.#rings[step].since(since);
    const series = SERIES.map((name, at) => [name, column(at).map(rounded)] as const);
    return {
      now: clock.wallClock(clock.now()),
      stepMs: STEPS[step].stepMs,
      bytes: this.#rings.second.bytes + this.#rings.minute.bytes,
      at: dates,
      series: Object.fromEntries(series) as unknown as HistorySeries,
      marks: marks.since(since),
    };
  }

  /** Stores the sample between a beginning and the present totals, and begins the next one. */
  #store(step: HistoryQuery["step"], begin: Begin, now: number, desired: number): void {
    const values = this.#values;
    const { holding, connections, ready } = begin;
    const at = readRates(values, begin.totals, this.#totals, Math.max(1, now - begin.at) / 1000);
    values.set([holding, connections, ready, desired], at);
    this.#rings[step].push(this.#sources.clock.wallClock(now), values);
    Object.assign(begin, { at: now, holding: 0, connections: 0, ready: Infinity });
    if (step !== "second") return;
    // The present totals become the beginning of the next second; its memory is reused.
    [begin.totals, this.#totals] = [this.#totals, begin.totals];
  }
}

function begin(at: number): Begin {
  return { totals: emptyTotals(), at, holding: 0, connections: 0, ready: Infinity };
}

/** @returns the number of values that were written */
function readRates(
  values: Float64Array,
  before: CounterTotals,
  after: CounterTotals,
  seconds: number,
): number {
  let at = 0;
  const rate = (was: number, is: number) => values[at++] = Math.max(0, is - was) / seconds;
  OUTCOMES.forEach((_, outcome) => rate(before.ended[outcome]!, after.ended[outcome]!));
  COST_KINDS.forEach((_, kind) => rate(before.costs[kind]!, after.costs[kind]!));
  rate(before.receivedBytes, after.receivedBytes);
  rate(before.sentBytes, after.sentBytes);
  for (const times of ["duration", "firstByte", "hold"] as const) {
    for (let step = 0; step < STEP_COUNT; step++) {
      RECENT[step] = Math.max(0, after[times][step]! - before[times][step]!);
    }
    values[at++] = quantileMs(RECENT, 0.5) ?? NaN;
    values[at++] = quantileMs(RECENT, 0.99) ?? NaN;
  }
  return at;
}

/** Memory of the times of one sample, which are read at once. */
const RECENT = new Float64Array(STEP_COUNT);

function copyTotals(to: CounterTotals, from: CounterTotals): void {
  for (const times of ["ended", "costs", "duration", "firstByte", "hold"] as const) {
    to[times].set(from[times]);
  }
  to.receivedBytes = from.receivedBytes;
  to.sentBytes = from.sentBytes;
}

/** Rounded to hundredths; null for an unknown value. */
function rounded(value: number): number | null {
  return Number.isNaN(value) ? null : Math.round(100 * value) / 100;
}
