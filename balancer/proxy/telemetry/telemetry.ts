/**
 * What the request timers of one worker share.
 *
 * @module
 */
import type { RequestHead } from "../http1/request_head.ts";
import type { WorkerCounters } from "../stats/worker_counters.ts";
import type { RecordSampler } from "./record_sampler.ts";
import type { RequestTracer } from "./request_tracer.ts";

/** The telemetry of one worker. */
export class Telemetry {
  /** Traces requests; undefined where OpenTelemetry is off. */
  traces: RequestTracer | undefined;

  /**
   * @param counters the worker's counters
   * @param recorder samples requests, and hands their records on
   * @param requestHead the head that was parsed last, for use until the next wait
   */
  constructor(
    readonly counters: WorkerCounters,
    readonly recorder: RecordSampler,
    readonly requestHead: RequestHead,
  ) {}
}
