/**
 * Telemetry shared by the request timers of one worker.
 *
 * @module
 */
import type { RequestHead } from "../http1/request_head.ts";
import type { WorkerCounters } from "../stats/worker_counters.ts";
import type { RecordSampler } from "./record_sampler.ts";
import type { RequestTracer } from "./request_tracer.ts";

/** The telemetry of one worker. */
export class Telemetry {
  /** Traces requests; undefined if OpenTelemetry is off. */
  traces: RequestTracer | undefined;

  /**
   * @param counters the worker's counters
   * @param recorder samples requests, and passes their records on
   * @param requestHead the head that was parsed last; valid until the next `await`
   */
  constructor(
    readonly counters: WorkerCounters,
    readonly recorder: RecordSampler,
    readonly requestHead: RequestHead,
  ) {}
}
