/**
 * Metrics of the balancer's own process.
 *
 * @module
 */
import { counter, gauge, type MetricFamily, type Series } from "./metric_family.ts";
import type { ProcessFiles } from "./process_files.ts";

/** The facts about the process. */
export interface ProcessFacts {
  /** Seconds since the epoch. */
  readonly startedAtS: number;
  readonly cpuS: number;
  readonly residentBytes: number;
  readonly files: ProcessFiles;
  /** Versions and platform, by name. */
  readonly build: Readonly<Record<string, string>>;
  readonly workers: number;
  /** Failed background actions, by action. */
  readonly failures: Readonly<Record<string, number>>;
  /** Lines of the access log that were written. */
  readonly accessLines: number;
  /** Lines that were lost: of the access log, and of the balancer's own log. */
  readonly lostLines: Readonly<Record<"access" | "balancer", number>>;
  /** Calls of the control API that were refused, by reason. */
  readonly refusals: ReadonlyMap<string, number>;
  /** Failed accepts: on the public port, and on the API's own. */
  readonly acceptFailures: Readonly<Record<"public" | "api", number>>;
}

/**
 * Builds the metrics of the process.
 *
 * @param facts the facts about the process
 */
export function processMetrics(facts: ProcessFacts): readonly MetricFamily[] {
  const { failures, refusals, build, lostLines } = facts;
  const actions = Object.entries(failures).map(([action, n]): Series => [{ action }, n]);
  return [
    gauge("build_info", "Versions and engine of the balancer; always 1.", [[build, 1]]),
    gauge("workers", "Workers of the data plane.", facts.workers),
    counter(
      "worker_crashes_total",
      "Workers that crashed and were replaced.",
      failures["proxy.worker"] ?? 0,
    ),
    counter("failures_total", "Background actions that failed, by action.", actions),
    counter(
      "access_log_lines_total",
      "Lines of the access log that were written.",
      facts.accessLines,
    ),
    counter(
      "log_lines_lost_total",
      "Log lines lost because their reader was too slow, by log: access or balancer.",
      Object.entries(lostLines).map(([log, n]): Series => [{ log }, n]),
    ),
    counter(
      "refused_calls_total",
      "Calls of the control API that were refused, by reason.",
      [...refusals].map(([reason, n]): Series => [{ reason }, n]),
    ),
    counter(
      "accept_failures_total",
      "Connections that could not be accepted, by listener: their client reset them, or no file " +
        "descriptor was free.",
      Object.entries(facts.acceptFailures).map(([listener, n]): Series => [{ listener }, n]),
    ),
    ...standardMetrics(facts),
  ];
}

/**
 * The metrics that all Prometheus client libraries share. As in those libraries, a metric that the
 * system does not report is left out.
 */
function standardMetrics({ cpuS, residentBytes, startedAtS, files }: ProcessFacts): MetricFamily[] {
  const { openFds, maxFds, virtualBytes } = files;
  const known = (name: string, help: string, value: number | undefined) =>
    value === undefined ? [] : [gauge(name, help, value)];
  return [
    counter(
      "process_cpu_seconds_total",
      "Total user and system CPU time spent in seconds, of all threads.",
      cpuS,
    ),
    gauge("process_resident_memory_bytes", "Resident memory size in bytes.", residentBytes),
    ...known("process_virtual_memory_bytes", "Virtual memory size in bytes.", virtualBytes),
    ...known("process_open_fds", "Number of open file descriptors.", openFds),
    ...known("process_max_fds", "Maximum number of open file descriptors.", maxFds),
    gauge(
      "process_start_time_seconds",
      "Start time of the process since unix epoch in seconds.",
      startedAtS,
    ),
  ];
}
