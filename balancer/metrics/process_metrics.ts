/**
 * What is known of the balancer itself, as metrics.
 *
 * @module
 */
import { counter, type Family, gauge, type Series } from "./family.ts";

/** What is known of the process. */
export interface ProcessFacts {
  /** Seconds since the epoch. */
  readonly startedAtS: number;
  readonly cpuS: number;
  readonly residentBytes: number;
  /** What it runs on and with, by name. */
  readonly build: Readonly<Record<string, string>>;
  readonly workers: number;
  /** Failed background actions, by action. */
  readonly failures: Readonly<Record<string, number>>;
  /** Lines of the access log that were written. */
  readonly accessLines: number;
  /** Lines that were lost: of the access log, and of what the balancer itself says. */
  readonly lostLines: Readonly<Record<"access" | "balancer", number>>;
  /** Calls of the control API that were refused, by reason. */
  readonly refusals: ReadonlyMap<string, number>;
  /** Connections that could not be accepted: to the public port, to the API's own. */
  readonly acceptFailures: Readonly<Record<"public" | "api", number>>;
}

/**
 * The metrics of the process.
 *
 * @param facts what is known of it
 */
export function processMetrics(facts: ProcessFacts): readonly Family[] {
  const { failures, refusals, build, lostLines } = facts;
  const actions = Object.entries(failures).map(([action, n]): Series => [{ action }, n]);
  return [
    gauge("build_info", "What the balancer runs on and with; always 1.", [[build, 1]]),
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
      "Lines that nobody read in time: of the access log, or of what the balancer itself says.",
      Object.entries(lostLines).map(([log, n]): Series => [{ log }, n]),
    ),
    counter(
      "refused_calls_total",
      "Calls of the control API that were refused, by reason.",
      [...refusals].map(([reason, n]): Series => [{ reason }, n]),
    ),
    counter(
      "accept_failures_total",
      "Connections that could not be accepted, by listener: reset by their client before that, or " +
        "for want of files.",
      Object.entries(facts.acceptFailures).map(([listener, n]): Series => [{ listener }, n]),
    ),
    counter("cpu_seconds_total", "CPU time of all threads.", facts.cpuS),
    gauge("resident_memory_bytes", "Memory that is in RAM.", facts.residentBytes),
    gauge("start_time_seconds", "When it started, since the epoch.", facts.startedAtS),
  ];
}
