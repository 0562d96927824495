/**
 * Where each number stands in the rows that workers count in, and what the numbers are called.
 *
 * @module
 */
import type { FailureKind } from "../../view.ts";
import { STEP_COUNT } from "./latency_buckets.ts";
import type { RefusalReason } from "../errors/refusal.ts";
import type { CostKind } from "./failure_cost.ts";

/** Numbers that one worker counts in. */
export type TallyRow = Float64Array<SharedArrayBuffer>;

/** How an attempt fails; `stale`: the connection was an old one that its server had closed. */
export type AttemptFailure = FailureKind | "stale" | "broken";

/** Why a request is refused; `fault`: it cannot be understood, or is too large, or too late. */
export type RefusalCause = RefusalReason | "fault";

/** Methods that are told apart: whatever clients send, there are no more. */
export const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "other"];

/** How requests end: by the class of their status, broken off by the replica, or left by the client. */
export const OUTCOMES = ["1xx", "2xx", "3xx", "4xx", "5xx", "broken", "left"];
/** Index of the outcome. */
export const SERVER_ERROR = 4;
/** Index of the outcome. */
export const BROKEN = 5;
/** Index of the outcome. */
export const LEFT = 6;

/** Every way in which attempts fail. */
export const FAILURES: readonly AttemptFailure[] = [
  "refused",
  "reset",
  "timeout",
  "malformed",
  "stale",
  "broken",
];

/** What failures of a replica cost requests; those that broke off are counted by who did it. */
export const TOLLS: readonly CostKind[] = ["held", "retried", "spilled", "lost"];

/** Why requests are refused. */
export const REFUSALS: readonly RefusalCause[] = [
  "quarantined",
  "awaited",
  "full",
  "none",
  "files",
  "calls",
  "failed",
  "fatal",
  "method",
  "max-forwards",
  "fault",
];

/** Rows begin a cache line apart from the end of the one before. */
const LINE = 8;

/** Of each row the beginning: requests by method and outcome, eight cells for each method. */
const REQUEST_CELLS = 8 * METHODS.length;
/** The steps, and the sum of the times in milliseconds. */
const TIMING_CELLS = STEP_COUNT + 1;

/** Where the numbers about one replica stand. */
export const REPLICA = layout({
  duration: TIMING_CELLS,
  firstByte: TIMING_CELLS,
  failures: FAILURES.length,
  tolls: TOLLS.length,
  connects: 1,
  reuses: 1,
  overflowed: 1,
});

/** Where those about the worker itself stand: behind the requests that no replica answered. */
export const WORKER = layout({
  overhead: TIMING_CELLS,
  hold: TIMING_CELLS,
  refusals: REFUSALS.length,
  tolls: TOLLS.length,
  all: 1,
  errors: 1,
  control: 1,
  received: 1,
  sent: 1,
  accepted: 1,
  turnedAway: 1,
  acceptFailures: 1,
  denied: 1,
  logged: 1,
  unlogged: 1,
  // From here on what is so right now, and ends with the worker.
  connections: 1,
  holding: 1,
  retryBudget: 1,
});

function layout<K extends string>(
  widths: Record<K, number>,
): Readonly<Record<K | "width", number>> {
  let at = REQUEST_CELLS;
  const places: Record<string, number> = {};
  for (const [name, width] of Object.entries<number>(widths)) {
    places[name] = at;
    at += width;
  }
  return { ...places, width: LINE * (Math.ceil(at / LINE) + 1) } as Record<K | "width", number>;
}
