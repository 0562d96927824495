/**
 * Families of metrics as the client library wants them, with values that are read when they are
 * asked for: what is counted elsewhere is not counted a second time.
 *
 * @module
 */
import type { Timings } from "../proxy/stats/counter_snapshot.ts";
import { BOUNDS_US } from "../proxy/stats/latency_buckets.ts";

/** Labels of one series, by name. The client library escapes their values. */
type Labels = Readonly<Record<string, string>>;

/** One number of one series. */
interface Value {
  /** Set where the number has another name than its family, as those of a histogram. */
  readonly metricName?: string;
  readonly labels: Labels;
  readonly value: number;
}

/** Metrics of one name. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly values: readonly Value[];
}

/** A series and its number. */
export type Series = readonly [labels: Labels, value: number];

/** What comes before every name, but for those that every Prometheus client library shares. */
const PREFIX = "ringkeeper_";

/** The names of the process that dashboards of every program use have no prefix of ours. */
const SHARED = /^process_/;

function nameOf(name: string): string {
  return SHARED.test(name) ? name : PREFIX + name;
}

/**
 * Something that only grows.
 *
 * @param name without the prefix, ending in `_total`; `process_...` takes no prefix
 * @param help what it counts
 * @param series all of it, or a number without labels
 */
export function counter(name: string, help: string, series: number | readonly Series[]): Family {
  return { name: nameOf(name), help, type: "counter", values: valuesOf(series) };
}

/**
 * Something that is so right now.
 *
 * @param name without the prefix; `process_...` takes no prefix
 * @param help what it is
 * @param series all of it, or a number without labels
 */
export function gauge(name: string, help: string, series: number | readonly Series[]): Family {
  return { name: nameOf(name), help, type: "gauge", values: valuesOf(series) };
}

/** From where to where a histogram has buckets, in seconds. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Times, in seconds. Buckets are at 1, 2.5 and 5 times the powers of ten.
 *
 * @param name without the prefix, ending in `_seconds`
 * @param help what was timed
 * @param range its buckets
 * @param series what was counted
 */
export function histogram(
  name: string,
  help: string,
  range: Range,
  series: readonly (readonly [labels: Labels, timings: Timings])[],
): Family {
  const full = PREFIX + name;
  const values = series.flatMap(([labels, timings]) => histogramOf(full, labels, timings, range));
  return { name: full, help, type: "histogram", values };
}

/** Steps of the latency scale that are bounds of buckets: there are ten for each power of ten. */
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

function valuesOf(series: number | readonly Series[]): Value[] {
  if (typeof series === "number") return [{ labels: {}, value: series }];
  return series.map(([labels, value]) => ({ labels, value }));
}
