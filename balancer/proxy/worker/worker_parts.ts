/**
 * Dependencies that a worker receives from its thread.
 *
 * @module
 */
import type { Evidence, FailureCost, Sample } from "../../view.ts";
import type { LoadSheet } from "../routing/admission.ts";
import type { CounterSheet } from "../stats/counter_table.ts";
import type { BatchTaker } from "../telemetry/access_log.ts";
import type { ByteStream } from "../transport/byte_stream.ts";

/** Receives a worker's reports. */
export interface WorkerListener {
  evidence(evidence: Evidence): void;
  /** Failure costs since the previous report. */
  costs(costs: readonly FailureCost[]): void;
  /** Samples of how instances answered since the previous report. */
  samples(samples: readonly Sample[]): void;
  /** Lines of the access log. */
  readonly lines: BatchTaker;
  failure(action: string, error: unknown): void;
  /** Number of unfinished control API calls. */
  readonly calls: number;
  /** Opens a connection to the control API. */
  call(): ByteStream;
}

/** Memory in which a worker counts, shared with the other workers. */
export interface WorkerSheets extends LoadSheet {
  /** The worker's own counters, in the same row. */
  readonly counters: CounterSheet;
}
