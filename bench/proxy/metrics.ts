/**
 * The numbers that a scenario yields.
 *
 * @module
 */

import type { Metric } from "../harness/result.ts";
import { median } from "../harness/statistics.ts";

/** Values by the metrics' keys. */
export type Sample = Readonly<Record<string, number>>;

/** CPU time of a request. */
export const CPU: Metric = { key: "cpuUs", label: "CPU µs/req", digits: 1, better: "less" };
/** Requests a second. */
export const RATE: Metric = { key: "rate", label: "req/s", digits: 0, better: "more" };
/** Latency. */
export const P50: Metric = { key: "p50Ms", label: "p50 ms", digits: 2, better: "less" };
/** Latency that one of a hundred requests exceeds. */
export const P99: Metric = { key: "p99Ms", label: "p99 ms", digits: 2, better: "less" };
/** The slowest request. */
export const SLOWEST: Metric = { key: "maxMs", label: "max ms", digits: 1, better: "less" };
/** Peak memory. */
export const PEAK: Metric = { key: "peakMb", label: "peak RSS MB", digits: 0, better: "less" };
/** Share of the proxy's core that it used; near 100: the proxy was the bottleneck. */
export const BUSY: Metric = { key: "busy", label: "core %", digits: 0 };
/** Share of the proxy's core that others had, the kernel's interrupts included: the noise. */
export const OTHERS: Metric = { key: "others", label: "others %", digits: 0 };
/** Requests without a success. */
export const FAILED: Metric = { key: "failed", label: "failed", digits: 0 };
/** Bytes that a CPU second carries. */
export const BYTES: Metric = { key: "mbPerCpu", label: "MB/CPU s", digits: 0, better: "more" };
/** The load of a run at a fixed rate. */
export const LOAD: Metric = { key: "load", label: "req/s given", digits: 0 };
/** Delay of the load generator itself, part of the latencies. */
export const LAG: Metric = { key: "lagMs", label: "load's own p99 ms", digits: 2 };
/** Memory without connections. */
export const RSS: Metric = { key: "rssMb", label: "RSS MB, none", digits: 1 };
/** Memory of a connection. */
export const IDLE: Metric = { key: "idleKb", label: "KB/idle conn.", digits: 1, better: "less" };
/** Connections that were open to the end. */
export const OPEN: Metric = { key: "open", label: "open", digits: 0 };

/** The median of each value over several samples. */
export function medianOf(samples: readonly Sample[]): Sample {
  const keys = Object.keys(samples[0] ?? {});
  return Object.fromEntries(
    keys.map((key) => [key, median(samples.map((one) => one[key] ?? NaN))]),
  );
}
