/**
 * Sums over all replicas and workers: one small set of numbers that is read every second, whether
 * or not a client asks for it.
 *
 * @module
 */
import { COST_KINDS, OUTCOMES, WORKER } from "./counter_layout.ts";
import { STEP_COUNT } from "./latency_buckets.ts";

/** Sums of all counters since the start. They include the replicas that left the ring. */
export interface CounterTotals {
  /** Requests by outcome, in the order of `OUTCOMES`. */
  readonly ended: Float64Array;
  /** Times from a request's head to the end of its response, by bucket of the latency scale. */
  readonly duration: Float64Array;
  /** Times from sending a request to the first byte of its response. */
  readonly firstByte: Float64Array;
  /** Waits for a replica. */
  readonly hold: Float64Array;
  /** Costs of failures, in the order of `COST_KINDS`. */
  readonly costs: Float64Array;
  receivedBytes: number;
  sentBytes: number;
  /** Client connections, now. */
  connections: number;
  /** Requests that wait, now. */
  holding: number;
}

/** Sums of nothing: memory that {@linkcode CounterTable.totals} fills. */
export function emptyTotals(): CounterTotals {
  return {
    ended: new Float64Array(OUTCOMES.length),
    duration: new Float64Array(STEP_COUNT),
    firstByte: new Float64Array(STEP_COUNT),
    hold: new Float64Array(STEP_COUNT),
    costs: new Float64Array(COST_KINDS.length),
    receivedBytes: 0,
    sentBytes: 0,
    connections: 0,
    holding: 0,
  };
}

/**
 * Reads the sums of the workers' own counters.
 *
 * @param totals receives them
 * @param row the sum of the workers' rows
 */
export function readWorkerTotals(totals: CounterTotals, row: Float64Array): void {
  copy(totals.ended, row, WORKER.ended);
  copy(totals.hold, row, WORKER.hold);
  copy(totals.costs, row, WORKER.costs);
  totals.receivedBytes = row[WORKER.received]!;
  totals.sentBytes = row[WORKER.sent]!;
  totals.connections = row[WORKER.connections]!;
  totals.holding = row[WORKER.holding]!;
}

function copy(to: Float64Array, row: Float64Array, from: number): void {
  for (let at = 0; at < to.length; at++) to[at] = row[from + at]!;
}
