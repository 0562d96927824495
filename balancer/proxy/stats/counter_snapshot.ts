/**
 * The sums of all workers' counters, by name: reads the rows that {@linkcode ReplicaCounters} and
 * {@linkcode OwnCounters} write.
 *
 * @module
 */
import { STEP_COUNT } from "./latency_buckets.ts";
import {
  BROKEN,
  COST_KINDS,
  type CounterRow,
  FAILURES,
  HANDSHAKES,
  METHODS,
  OUTCOMES,
  REFUSALS,
  REPLICA,
  SECURED,
  SERVER_ERROR,
  SERVER_NAMES,
  UPSTREAM_HANDSHAKES,
  WORKER,
} from "./counter_layout.ts";

/** A histogram of times. */
export interface Timings {
  /** Number of times in each bucket of the latency scale. */
  readonly steps: Float64Array;
  /** Sum of all times, in seconds. */
  readonly sumS: number;
}

/** Requests of one method and outcome. */
export interface RequestCount {
  readonly method: string;
  /** Class of its status, `broken` or `left`. */
  readonly outcome: string;
  readonly count: number;
}

/** Counters of one replica since it joined. */
export interface ReplicaCounts {
  readonly requests: readonly RequestCount[];
  readonly duration: Timings;
  readonly firstByte: Timings;
  /** Waits of its requests for it. */
  readonly hold: Timings;
  readonly failures: Readonly<Record<string, number>>;
  readonly costs: Readonly<Record<string, number>>;
  readonly connects: number;
  readonly reuses: number;
  readonly overflowed: number;
}

/** Counts of HTTP/2. */
interface Http2Counts {
  readonly connections: number;
  readonly streams: number;
  /** Streams that were reset for an error of their client, or one too many. */
  readonly streamErrors: number;
  /** Connections that were ended for an error of their client. */
  readonly connectionErrors: number;
}

/** Connections of clients that speak the same. */
interface SecuredCount {
  /** Version of TLS: `1.2` or `1.3`. */
  readonly version: string;
  /** Name of the application protocol in ALPN: `http/1.1` or `h2`. */
  readonly protocol: string;
  readonly count: number;
}

/** Counters of the workers since the start. */
export interface WorkerCounts {
  /** Requests that no replica answered. */
  readonly requests: readonly RequestCount[];
  /** All requests that ended, with or without a replica. */
  readonly all: number;
  /** Requests of `all` that ended in a 5xx response or broke off. */
  readonly errors: number;
  readonly costs: Readonly<Record<string, number>>;
  readonly refusals: Readonly<Record<string, number>>;
  readonly overhead: Timings;
  readonly hold: Timings;
  readonly controlCalls: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly accepted: number;
  readonly turnedAway: number;
  readonly acceptFailures: number;
  /** Handshakes of TLS, by their end. */
  readonly handshakes: Readonly<Record<string, number>>;
  /** Connections of clients with TLS, by its version and the application protocol. */
  readonly secured: readonly SecuredCount[];
  /** The same by the kind of their server name. */
  readonly serverNames: Readonly<Record<string, number>>;
  /** Handshakes of TLS with replicas, by their end. */
  readonly upstreamHandshakes: Readonly<Record<string, number>>;
  readonly deniedRetries: number;
  /** Lines of the access log that were written. */
  readonly loggedLines: number;
  /** Lines of the access log that were lost. */
  readonly lostLines: number;
  readonly http2: Http2Counts;
  /** Currently open client connections. */
  readonly connections: number;
  /** Requests that currently wait. */
  readonly holding: number;
  /** Retries that are currently allowed. */
  readonly retryBudget: number;
}

/** All counters of the data plane. */
export interface DataPlaneCounts {
  readonly workers: WorkerCounts;
  /** Counters by name, for all replicas in the ring. */
  readonly replicas: ReadonlyMap<string, ReplicaCounts>;
}

/**
 * Reads the counters of a replica.
 *
 * @param row the sum of the workers' rows
 */
export function replicaCounts(row: Float64Array): ReplicaCounts {
  return {
    requests: requestsIn(row),
    duration: timingsIn(row, REPLICA.duration),
    firstByte: timingsIn(row, REPLICA.firstByte),
    hold: timingsIn(row, REPLICA.hold),
    failures: byName(FAILURES, row, REPLICA.failures),
    costs: byName(COST_KINDS, row, REPLICA.costs),
    connects: row[REPLICA.connects]!,
    reuses: row[REPLICA.reuses]!,
    overflowed: row[REPLICA.overflowed]!,
  };
}

/**
 * Reads the workers' own counters.
 *
 * @param row the sum of the workers' rows
 */
export function workerCounts(row: Float64Array): WorkerCounts {
  const ended = row.subarray(WORKER.ended, WORKER.ended + OUTCOMES.length);
  return {
    requests: requestsIn(row),
    all: ended.reduce((sum, count) => sum + count, 0),
    errors: ended[SERVER_ERROR]! + ended[BROKEN]!,
    costs: byName(COST_KINDS, row, WORKER.costs),
    refusals: byName(REFUSALS, row, WORKER.refusals),
    overhead: timingsIn(row, WORKER.overhead),
    hold: timingsIn(row, WORKER.hold),
    controlCalls: row[WORKER.control]!,
    receivedBytes: row[WORKER.received]!,
    sentBytes: row[WORKER.sent]!,
    accepted: row[WORKER.accepted]!,
    turnedAway: row[WORKER.turnedAway]!,
    acceptFailures: row[WORKER.acceptFailures]!,
    handshakes: byName(HANDSHAKES, row, WORKER.handshakes),
    secured: SECURED.map((kind, i) => ({ ...kind, count: row[WORKER.secured + i]! })),
    serverNames: byName(SERVER_NAMES, row, WORKER.serverNames),
    upstreamHandshakes: byName(UPSTREAM_HANDSHAKES, row, WORKER.upstreamHandshakes),
    deniedRetries: row[WORKER.denied]!,
    loggedLines: row[WORKER.logged]!,
    lostLines: row[WORKER.unlogged]!,
    http2: {
      connections: row[WORKER.http2Connections]!,
      streams: row[WORKER.http2Streams]!,
      streamErrors: row[WORKER.http2StreamErrors]!,
      connectionErrors: row[WORKER.http2ConnectionErrors]!,
    },
    connections: row[WORKER.connections]!,
    holding: row[WORKER.holding]!,
    retryBudget: row[WORKER.retryBudget]!,
  };
}

/** Resets the gauges of a worker that has ended. Its counters stay. */
export function strikeOutPresent(row: CounterRow): void {
  row.fill(0, WORKER.connections, WORKER.retryBudget + 1);
}

function requestsIn(row: Float64Array): RequestCount[] {
  const counts: RequestCount[] = [];
  // Nearly all counters of a fleet are 0.
  for (const [m, method] of METHODS.entries()) {
    for (const [o, outcome] of OUTCOMES.entries()) {
      const count = row[8 * m + o]!;
      if (count > 0) counts.push({ method, outcome, count });
    }
  }
  return counts;
}

function timingsIn(row: Float64Array, at: number): Timings {
  return { steps: row.slice(at, at + STEP_COUNT), sumS: row[at + STEP_COUNT]! / 1000 };
}

function byName(names: readonly string[], row: Float64Array, at: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [i, name] of names.entries()) counts[name] = row[at + i]!;
  return counts;
}
