/**
 * What the request timers of one worker share.
 *
 * @module
 */
import type { RequestHead } from "../http1/request_head.ts";
import type { Tallies } from "../stats/worker_counters.ts";
import type { Recorder } from "./record_sampler.ts";
import type { RequestTraces } from "./request_tracer.ts";

/** The telemetry of one worker. */
export class Telemetry {
  /** Traces requests; undefined where OpenTelemetry is off. */
  traces: RequestTraces | undefined;

  /**
   * @param tallies the worker's counters
   * @param recorder samples requests, and hands their records on
   * @param requestHead the head that was parsed last, for use until the next wait
   */
  constructor(
    readonly tallies: Tallies,
    readonly recorder: Recorder,
    readonly requestHead: RequestHead,
  ) {}
}
