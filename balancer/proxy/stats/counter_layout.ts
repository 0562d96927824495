/**
 * The layout of the rows in which workers count, and the labels of the counters.
 *
 * @module
 */
import type { FailureKind } from "../../view.ts";
import { STEP_COUNT } from "./latency_buckets.ts";
import type { RefusalReason } from "../errors/refusal.ts";
import type { CostKind } from "./failure_cost.ts";

/** One worker's row of counters. */
export type CounterRow = Float64Array<SharedArrayBuffer>;

/** How an attempt fails; `stale`: its server had closed the reused connection. */
export type AttemptFailure = FailureKind | "stale" | "broken";

/** Why a request is refused; `fault`: malformed, too large, or too late. */
export type RefusalCause = RefusalReason | "fault";

/** Methods with their own counters: clients' other methods share one. */
export const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "other"];

/**
 * How requests end: by the class of their status, broken off by the replica, or left by the client.
 */
export const OUTCOMES = ["1xx", "2xx", "3xx", "4xx", "5xx", "broken", "left"];
/** Index of the outcome. */
export const SERVER_ERROR = 4;
/** Index of the outcome. */
export const BROKEN = 5;
/** Index of the outcome. */
export const LEFT = 6;

/** All ways in which attempts fail. */
export const FAILURES: readonly AttemptFailure[] = [
  "refused",
  "reset",
  "timeout",
  "malformed",
  "stale",
  "broken",
];

/** Costs of a replica's failures; broken responses are counted by the side that broke them. */
export const COST_KINDS: readonly CostKind[] = ["held", "retried", "spilled", "lost"];

/** Reasons why requests are refused. */
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
  "challenge",
  "redirect",
  "maintenance",
  "isolated",
  "fault",
];

/** How handshakes of TLS end; `crowded`: too many were under way. */
export const HANDSHAKES = [
  "full",
  "resumed",
  "plain",
  "name",
  "protocol",
  "ended",
  "tls",
  "certificate",
  "late",
  "crowded",
] as const;

/** How a handshake of TLS ends. */
export type HandshakeEnd = (typeof HANDSHAKES)[number];

/** Versions of TLS and application protocols of clients with TLS. */
export const SECURED = [
  { version: "1.2", protocol: "http/1.1" },
  { version: "1.2", protocol: "h2" },
  { version: "1.3", protocol: "http/1.1" },
  { version: "1.3", protocol: "h2" },
] as const;

/**
 * The server names of clients with TLS. `known`: a certificate is valid for it; `unknown`: the
 * default certificate was presented; `none`: the client sent none.
 */
export const SERVER_NAMES = ["known", "unknown", "none"] as const;

/** A kind of server name. */
export type ServerNameKind = (typeof SERVER_NAMES)[number];

/** How handshakes of TLS with replicas end: by version, or why they failed. */
export const UPSTREAM_HANDSHAKES = [
  "tls13",
  "tls12",
  "plain",
  "certificate",
  "name",
  "ended",
  "tls",
  "late",
] as const;

/** How a handshake of TLS with a replica ends. */
export type UpstreamHandshakeEnd = (typeof UPSTREAM_HANDSHAKES)[number];

/** Padding to a cache line between the rows. */
const LINE = 8;

/** Beginning of each row: requests by method and outcome, eight cells for each method. */
const REQUEST_CELLS = 8 * METHODS.length;
/** The buckets, and the sum of the times in milliseconds. */
const TIMING_CELLS = STEP_COUNT + 1;

/** Layout of the counters of one replica. */
export const REPLICA = layout({
  duration: TIMING_CELLS,
  firstByte: TIMING_CELLS,
  hold: TIMING_CELLS,
  failures: FAILURES.length,
  costs: COST_KINDS.length,
  connects: 1,
  reuses: 1,
  overflowed: 1,
});

/** Layout of a worker's own counters; the requests that no replica answered come first. */
export const WORKER = layout({
  overhead: TIMING_CELLS,
  hold: TIMING_CELLS,
  refusals: REFUSALS.length,
  costs: COST_KINDS.length,
  ended: OUTCOMES.length,
  control: 1,
  received: 1,
  sent: 1,
  accepted: 1,
  turnedAway: 1,
  acceptFailures: 1,
  denied: 1,
  logged: 1,
  unlogged: 1,
  handshakes: HANDSHAKES.length,
  upstreamHandshakes: UPSTREAM_HANDSHAKES.length,
  secured: SECURED.length,
  serverNames: SERVER_NAMES.length,
  http2Connections: 1,
  http2Streams: 1,
  http2StreamErrors: 1,
  http2ConnectionErrors: 1,
  // Gauges from here on: they describe the present, and are reset when the worker ends.
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
