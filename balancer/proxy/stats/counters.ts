/**
 * What a worker counts, as plain numbers in memory that the main thread reads: nobody but the
 * worker writes its row, so that counting takes neither lock nor message, and what a worker that
 * crashed has counted stays counted. An aligned double is written in one piece on every machine
 * that Deno runs on: whoever reads meanwhile finds the number or the one before it.
 *
 * @module
 */
import { STEP_COUNT, stepOf } from "./latency_buckets.ts";
import {
  type AttemptFailure,
  BROKEN,
  FAILURES,
  type RefusalCause,
  REFUSALS,
  REPLICA,
  SERVER_ERROR,
  type TallyRow,
  TOLLS,
  WORKER,
} from "./counter_layout.ts";
import type { CostKind } from "./failure_cost.ts";

// As literals of this module they are free.
const DURATION = REPLICA.duration;
const FIRST_BYTE = REPLICA.firstByte;
const REUSES = REPLICA.reuses;
const OVERHEAD = WORKER.overhead;
const ALL = WORKER.all;
const RECEIVED = WORKER.received;
const SENT = WORKER.sent;

/** What one worker counts of one replica. */
export class ReplicaCounters {
  readonly #row: TallyRow;

  constructor(row: TallyRow) {
    this.#row = row;
  }

  /** A request was answered, or broke off. @param outcome index of one of the outcomes */
  ended(method: string, outcome: number): void {
    this.#row[8 * methodClass(method) + outcome]! += 1;
  }

  /** So many took so many milliseconds, from their head to the end of their answer. */
  took(ms: number, weight: number): void {
    observe(this.#row, DURATION, ms, weight);
  }

  /** The replica took so many milliseconds to begin its answer. */
  began(ms: number, weight: number): void {
    observe(this.#row, FIRST_BYTE, ms, weight);
  }

  /** An attempt failed. */
  failed(kind: AttemptFailure): void {
    this.#row[REPLICA.failures + FAILURES.indexOf(kind)]! += 1;
  }

  /** A failure of the replica cost one of its requests something. */
  toll(kind: CostKind): void {
    if (kind !== "broken") this.#row[REPLICA.tolls + TOLLS.indexOf(kind)]! += 1;
  }

  /** A connection was opened. */
  connected(): void {
    this.#row[REPLICA.connects]! += 1;
  }

  /** A connection that waited was used again. */
  reused(): void {
    this.#row[REUSES]! += 1;
  }

  /** A request found no room and went to another. */
  overflowed(): void {
    this.#row[REPLICA.overflowed]! += 1;
  }
}

/** For whoever is no replica, as the control API: what is counted here, nobody looks at. */
export const UNCOUNTED = new ReplicaCounters(
  new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT * REPLICA.width)),
);

/** What one worker counts of itself. */
export class OwnCounters {
  readonly #row: TallyRow;

  constructor(row: TallyRow) {
    this.#row = row;
  }

  /** A request came to its end. @param outcome index of one of the outcomes */
  ended(outcome: number): void {
    this.#row[ALL]! += 1;
    if (outcome === SERVER_ERROR || outcome === BROKEN) this.#row[WORKER.errors]! += 1;
  }

  /** One that no replica answered. */
  unanswered(method: string, outcome: number): void {
    this.#row[8 * methodClass(method) + outcome]! += 1;
  }

  /** That was so for this reason. */
  refused(cause: RefusalCause): void {
    this.#row[WORKER.refusals + REFUSALS.indexOf(cause)]! += 1;
  }

  /** The balancer itself added so many milliseconds to the time of so many requests. */
  added(ms: number, weight: number): void {
    observe(this.#row, OVERHEAD, ms, weight);
  }

  /** A request waited so many milliseconds for a replica. */
  waited(ms: number): void {
    observe(this.#row, WORKER.hold, ms, 1);
  }

  /** A failure cost a request something, whoever owned it. */
  toll(kind: CostKind): void {
    if (kind !== "broken") this.#row[WORKER.tolls + TOLLS.indexOf(kind)]! += 1;
  }

  /** A call of the control API came to its end. */
  controlled(): void {
    this.#row[WORKER.control]! += 1;
  }

  /** A client sent so many bytes. */
  received(bytes: number): void {
    this.#row[RECEIVED]! += bytes;
  }

  /** A client was sent so many bytes. */
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

  /** A client connected, and there were too many. */
  turnedAway(): void {
    this.#row[WORKER.turnedAway]! += 1;
  }

  /** So many lines of the access log were written. */
  logged(lines: number): void {
    this.#row[WORKER.logged]! += lines;
  }

  /** So many lines were lost, because nobody read them in time. */
  unlogged(lines: number): void {
    this.#row[WORKER.unlogged]! += lines;
  }

  /** A retry was denied: there had been too many. */
  denied(): void {
    this.#row[WORKER.denied]! += 1;
  }

  /** How many clients are connected now. */
  set connections(count: number) {
    this.#row[WORKER.connections] = count;
  }

  /** How many requests wait now. */
  set holding(count: number) {
    this.#row[WORKER.holding] = count;
  }

  /** How many retries there may be now. */
  set retryBudget(left: number) {
    this.#row[WORKER.retryBudget] = left;
  }
}

/** The outcome that a status is. From 600 on it is of no class, and a server error (RFC 9110, 15). */
export function outcomeOf(status: number): number {
  return Math.min(status / 100 | 0, 5) - 1;
}

function observe(row: TallyRow, at: number, ms: number, weight: number): void {
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
