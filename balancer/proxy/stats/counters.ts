/**
 * A worker's counters: plain numbers in memory that the main thread reads. Only the worker writes
 * its row, so counting takes neither lock nor message, and the counters of a crashed worker
 * survive. An aligned double is written in one piece on every machine that Deno runs on: a
 * concurrent reader sees the old or the new number.
 *
 * @module
 */
import { STEP_COUNT, stepOf } from "./latency_buckets.ts";
import {
  type AttemptFailure,
  COST_KINDS,
  type CounterRow,
  FAILURES,
  type HandshakeEnd,
  HANDSHAKES,
  type RefusalCause,
  REFUSALS,
  REPLICA,
  SERVER_NAMES,
  type ServerNameKind,
  UPSTREAM_HANDSHAKES,
  type UpstreamHandshakeEnd,
  WORKER,
} from "./counter_layout.ts";
import type { CostKind } from "./failure_cost.ts";

// Literals of this module cost no property access.
const DURATION = REPLICA.duration;
const FIRST_BYTE = REPLICA.firstByte;
const REUSES = REPLICA.reuses;
const OVERHEAD = WORKER.overhead;
const ENDED = WORKER.ended;
const RECEIVED = WORKER.received;
const SENT = WORKER.sent;

/** One worker's counters of one replica. */
export class ReplicaCounters {
  readonly #row: CounterRow;

  constructor(row: CounterRow) {
    this.#row = row;
  }

  /** A request was answered, or broke off. @param outcome index of one of the outcomes */
  ended(method: string, outcome: number): void {
    this.#row[8 * methodClass(method) + outcome]! += 1;
  }

  /**
   * Adds a sampled duration, from the request's head to the end of its response; `weight` requests.
   */
  took(ms: number, weight: number): void {
    observe(this.#row, DURATION, ms, weight);
  }

  /** Adds a sampled time to first byte of the replica; `weight` requests. */
  began(ms: number, weight: number): void {
    observe(this.#row, FIRST_BYTE, ms, weight);
  }

  /** One of the replica's requests waited for it, in milliseconds. */
  waited(ms: number): void {
    observe(this.#row, REPLICA.hold, ms, 1);
  }

  /** An attempt failed. */
  failed(kind: AttemptFailure): void {
    this.#row[REPLICA.failures + FAILURES.indexOf(kind)]! += 1;
  }

  /** A failure of the replica added a cost to one of its requests. */
  countCost(kind: CostKind): void {
    if (kind !== "broken") this.#row[REPLICA.costs + COST_KINDS.indexOf(kind)]! += 1;
  }

  /** A connection was opened. */
  connected(): void {
    this.#row[REPLICA.connects]! += 1;
  }

  /** An idle connection was used again. */
  reused(): void {
    this.#row[REUSES]! += 1;
  }

  /** A request found no room and overflowed to another replica. */
  overflowed(): void {
    this.#row[REPLICA.overflowed]! += 1;
  }
}

/** Discarded counters for the control API. */
export const UNCOUNTED = new ReplicaCounters(
  new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT * REPLICA.width)),
);

/** One worker's own counters. */
export class OwnCounters {
  readonly #row: CounterRow;

  constructor(row: CounterRow) {
    this.#row = row;
  }

  /** A request ended. @param outcome index of one of the outcomes */
  ended(outcome: number): void {
    this.#row[ENDED + outcome]! += 1;
  }

  /** A request ended without a replica's response. */
  unanswered(method: string, outcome: number): void {
    this.#row[8 * methodClass(method) + outcome]! += 1;
  }

  /** A request was refused for this reason. */
  refused(cause: RefusalCause): void {
    this.#row[WORKER.refusals + REFUSALS.indexOf(cause)]! += 1;
  }

  /** Adds a sampled time that the balancer itself added to a request; `weight` requests. */
  added(ms: number, weight: number): void {
    observe(this.#row, OVERHEAD, ms, weight);
  }

  /** Adds a request's wait for a replica, in milliseconds. */
  waited(ms: number): void {
    observe(this.#row, WORKER.hold, ms, 1);
  }

  /** A failure added a cost to a request, of any owner. */
  countCost(kind: CostKind): void {
    if (kind !== "broken") this.#row[WORKER.costs + COST_KINDS.indexOf(kind)]! += 1;
  }

  /** A handshake of TLS ended. */
  handshake(end: HandshakeEnd): void {
    this.#row[WORKER.handshakes + HANDSHAKES.indexOf(end)]! += 1;
  }

  /**
   * A client's connection speaks TLS.
   *
   * @param version `TLSv1.2` or `TLSv1.3`
   * @param http2 whether it speaks HTTP/2
   * @param name the kind of its server name
   */
  secured(version: string, http2: boolean, name: ServerNameKind): void {
    const cell = (version === "TLSv1.2" ? 0 : 2) + Number(http2);
    this.#row[WORKER.secured + cell]! += 1;
    this.#row[WORKER.serverNames + SERVER_NAMES.indexOf(name)]! += 1;
  }

  /** A handshake of TLS with a replica ended. */
  upstreamHandshake(end: UpstreamHandshakeEnd): void {
    this.#row[WORKER.upstreamHandshakes + UPSTREAM_HANDSHAKES.indexOf(end)]! += 1;
  }

  /** A connection of HTTP/2 began. */
  http2Opened(): void {
    this.#row[WORKER.http2Connections]! += 1;
  }

  /** A request of HTTP/2 began. */
  http2Stream(): void {
    this.#row[WORKER.http2Streams]! += 1;
  }

  /** A stream was reset for an error of its client, or one too many. */
  http2StreamError(): void {
    this.#row[WORKER.http2StreamErrors]! += 1;
  }

  /** A connection of HTTP/2 was ended for an error of its client. */
  http2ConnectionError(): void {
    this.#row[WORKER.http2ConnectionErrors]! += 1;
  }

  /** A control API call ended. */
  controlled(): void {
    this.#row[WORKER.control]! += 1;
  }

  /** Adds bytes received from a client. */
  received(bytes: number): void {
    this.#row[RECEIVED]! += bytes;
  }

  /** Adds bytes sent to a client. */
  sent(bytes: number): void {
    this.#row[SENT]! += bytes;
  }

  /** A client connected. */
  accepted(): void {
    this.#row[WORKER.accepted]! += 1;
  }

  /** A connection could not be accepted. */
  acceptFailed(): void {
    this.#row[WORKER.acceptFailures]! += 1;
  }

  /** A client connected, and was rejected at the connection limit. */
  turnedAway(): void {
    this.#row[WORKER.turnedAway]! += 1;
  }

  /** Adds written lines of the access log. */
  logged(lines: number): void {
    this.#row[WORKER.logged]! += lines;
  }

  /** Adds lost lines of the access log: their reader was too slow. */
  unlogged(lines: number): void {
    this.#row[WORKER.unlogged]! += lines;
  }

  /** A retry was denied: the retry budget was spent. */
  denied(): void {
    this.#row[WORKER.denied]! += 1;
  }

  /** Sets the number of open client connections. */
  set connections(count: number) {
    this.#row[WORKER.connections] = count;
  }

  /** Sets the number of waiting requests. */
  set holding(count: number) {
    this.#row[WORKER.holding] = count;
  }

  /** Sets the number of retries that are allowed. */
  set retryBudget(left: number) {
    this.#row[WORKER.retryBudget] = left;
  }
}

/**
 * The outcome of a status. A status from 600 on counts as a server error (RFC 9110, section 15).
 */
export function outcomeOf(status: number): number {
  return Math.min(status / 100 | 0, 5) - 1;
}

function observe(row: CounterRow, at: number, ms: number, weight: number): void {
  row[at + stepOf(ms)]! += weight;
  row[at + STEP_COUNT]! += weight * ms;
}

function methodClass(method: string): number {
  switch (method) {
    case "GET":
      return 0;
    case "HEAD":
      return 1;
    case "POST":
      return 2;
    case "PUT":
      return 3;
    case "DELETE":
      return 4;
    case "PATCH":
      return 5;
    case "OPTIONS":
      return 6;
    default:
      return 7;
  }
}
