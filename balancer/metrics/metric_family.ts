/**
 * Families of metrics in the client library's form. Their values are read at the scrape, so that
 * nothing is counted twice.
 *
 * @module
 */
import type { Timings } from "../proxy/stats/counter_snapshot.ts";
import { BOUNDS_US } from "../proxy/stats/latency_buckets.ts";

/** Labels of one series, by name. The client library escapes their values. */
type Labels = Readonly<Record<string, string>>;

/** One sample of one series. */
export interface Value {
  /** Set if the sample's name differs from its family's, as in a histogram. */
  readonly metricName?: string;
  readonly labels: Labels;
  readonly value: number;
}

/** Metrics of one name. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** Made while they are read: the histograms of a thousand replicas have 40,000 values. */
  readonly values: Iterable<Value>;
}

/** A series and its value. */
export type Series = readonly [labels: Labels, value: number];

/** The prefix of all names, except for those that every Prometheus client library shares. */
const PREFIX = "ringkeeper_";

/** Process metrics have no prefix, because dashboards of every program use their names. */
const SHARED = /^process_/;

function nameOf(name: string): string {
  return SHARED.test(name) ? name : PREFIX + name;
}

/**
 * Builds a counter.
 *
 * @param name without the prefix, ending in `_total`; `process_...` takes no prefix
 * @param help the counted events
 * @param series all series, or a number without labels
 */
export function counter(
  name: string,
  help: string,
  series: number | Iterable<Series>,
): MetricFamily {
  return { name: nameOf(name), help, type: "counter", values: valuesOf(series) };
}

/**
 * Builds a gauge.
 *
 * @param name without the prefix; `process_...` takes no prefix
 * @param help the measured value
 * @param series all series, or a number without labels
 */
export function gauge(name: string, help: string, series: number | Iterable<Series>): MetricFamily {
  return { name: nameOf(name), help, type: "gauge", values: valuesOf(series) };
}

/** A series and its times. */
export type TimedSeries = readonly [labels: Labels, timings: Timings];

/** The range of a histogram's buckets, in seconds. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Builds a histogram of times in seconds. Buckets are at 1, 2.5 and 5 times the powers of ten.
 *
 * @param name without the prefix, ending in `_seconds`
 * @param help the measured time
 * @param range the range of the buckets
 * @param series the counted times
 */
export function histogram(
  name: string,
  help: string,
  range: Range,
  series: Iterable<TimedSeries>,
): MetricFamily {
  const full = PREFIX + name;
  return { name: full, help, type: "histogram", values: histogramValues(full, range, series) };
}

function* histogramValues(
  name: string,
  range: Range,
  series: Iterable<TimedSeries>,
): Generator<Value> {
  for (const [labels, timings] of series) yield* histogramOf(name, labels, timings, range);
}

/** Steps of the latency scale that bound buckets: there are ten steps per power of ten. */
const BUCKET_STEPS: ReadonlySet<number> = new Set([0, 4, 7]);

function histogramOf(name: string, labels: Labels, timings: Timings, range: Range): Value[] {
  const metricName = `${name}_bucket`;
  const values: Value[] = [];
  let sum = 0;
  timings.steps.forEach((count, step) => {
    sum += count;
    const bound = (BOUNDS_US[step] ?? Infinity) / 1e6;
    if (!BUCKET_STEPS.has(step % 10) || bound < range.from || bound > range.to) return;
    values.push({ metricName, labels: { ...labels, le: String(bound) }, value: sum });
  });
  values.push({ metricName, labels: { ...labels, le: "+Inf" }, value: sum });
  values.push({ metricName: `${name}_sum`, labels, value: timings.sumS });
  values.push({ metricName: `${name}_count`, labels, value: sum });
  return values;
}

function* valuesOf(series: number | Iterable<Series>): Generator<Value> {
  if (typeof series === "number") yield { labels: {}, value: series };
  else for (const [labels, value] of series) yield { labels, value };
}
