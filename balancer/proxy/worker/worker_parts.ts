/**
 * What a worker is given by the thread that it runs in.
 *
 * @module
 */
import type { Evidence, FailureCost, Sample } from "../../view.ts";
import type { LoadSheet } from "../routing/admission.ts";
import type { CounterSheet } from "../stats/counter_table.ts";
import type { BatchTaker } from "../telemetry/access_log.ts";
import type { ByteStream } from "../transport/byte_stream.ts";

/** Takes what a worker reports. */
export interface WorkerListener {
  evidence(evidence: Evidence): void;
  /** The cost of failures since the last report. */
  tolls(tolls: readonly FailureCost[]): void;
  /** How instances answered since the last report. */
  samples(samples: readonly Sample[]): void;
  /** Lines of the access log. */
  readonly lines: BatchTaker;
  failure(action: string, error: unknown): void;
  /** Calls of the control API that it has not ended yet. */
  readonly calls: number;
  /** Opens a connection to the control API. */
  call(): ByteStream;
}

/** Where a worker counts, beside the others. */
export interface WorkerSheets extends LoadSheet {
  /** The worker's own counters; its row there is the same. */
  readonly tallies: CounterSheet;
}
