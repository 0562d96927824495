/**
 * What all workers together counted, by name: the way to read what a {@linkcode ReplicaTally} and a
 * {@linkcode WorkerTally} write.
 *
 * @module
 */
import { STEP_COUNT } from "./latency_buckets.ts";
import {
  FAILURES,
  METHODS,
  OUTCOMES,
  REFUSALS,
  REPLICA,
  type TallyRow,
  TOLLS,
  WORKER,
} from "./counter_layout.ts";

/** Times that were counted in steps. */
export interface Timings {
  /** How many in each step of the latency scale. */
  readonly steps: Float64Array;
  /** All of them together, in seconds. */
  readonly sumS: number;
}

/** Requests of one class. */
export interface RequestCount {
  readonly method: string;
  /** Class of its status, `broken` or `left`. */
  readonly outcome: string;
  readonly count: number;
}

/** What was counted of one replica since it joined. */
export interface ReplicaCounts {
  readonly requests: readonly RequestCount[];
  readonly duration: Timings;
  readonly firstByte: Timings;
  readonly failures: Readonly<Record<string, number>>;
  readonly tolls: Readonly<Record<string, number>>;
  readonly connects: number;
  readonly reuses: number;
  readonly overflowed: number;
}

/** What was counted beside that since the start. */
export interface WorkerCounts {
  /** Those that no replica answered. */
  readonly requests: readonly RequestCount[];
  /** All that came to their end, whoever answered. */
  readonly all: number;
  /** Those of them that were answered 5xx or broke off. */
  readonly errors: number;
  readonly tolls: Readonly<Record<string, number>>;
  readonly refusals: Readonly<Record<string, number>>;
  readonly overhead: Timings;
  readonly hold: Timings;
  readonly controlCalls: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly accepted: number;
  readonly turnedAway: number;
  readonly acceptFailures: number;
  readonly deniedRetries: number;
  /** Lines of the access log that were written. */
  readonly loggedLines: number;
  /** Those that were lost. */
  readonly lostLines: number;
  /** Right now. */
  readonly connections: number;
  /** Requests that wait right now. */
  readonly holding: number;
  /** Retries that there may be right now. */
  readonly retryBudget: number;
}

/** What the data plane counted. */
export interface DataPlaneCounts {
  readonly workers: WorkerCounts;
  /** By name, of everyone in the ring. */
  readonly replicas: ReadonlyMap<string, ReplicaCounts>;
}

/**
 * What was counted of a replica.
 *
 * @param row the sum of the workers' rows
 */
export function replicaCounts(row: Float64Array): ReplicaCounts {
  return {
    requests: requestsIn(row),
    duration: timingsIn(row, REPLICA.duration),
    firstByte: timingsIn(row, REPLICA.firstByte),
    failures: byName(FAILURES, row, REPLICA.failures),
    tolls: byName(TOLLS, row, REPLICA.tolls),
    connects: row[REPLICA.connects]!,
    reuses: row[REPLICA.reuses]!,
    overflowed: row[REPLICA.overflowed]!,
  };
}

/**
 * What the workers counted of themselves.
 *
 * @param row the sum of their rows
 */
export function workerCounts(row: Float64Array): WorkerCounts {
  return {
    requests: requestsIn(row),
    all: row[WORKER.all]!,
    errors: row[WORKER.errors]!,
    tolls: byName(TOLLS, row, WORKER.tolls),
    refusals: byName(REFUSALS, row, WORKER.refusals),
    overhead: timingsIn(row, WORKER.overhead),
    hold: timingsIn(row, WORKER.hold),
    controlCalls: row[WORKER.control]!,
    receivedBytes: row[WORKER.received]!,
    sentBytes: row[WORKER.sent]!,
    accepted: row[WORKER.accepted]!,
    turnedAway: row[WORKER.turnedAway]!,
    acceptFailures: row[WORKER.acceptFailures]!,
    deniedRetries: row[WORKER.denied]!,
    loggedLines: row[WORKER.logged]!,
    lostLines: row[WORKER.unlogged]!,
    connections: row[WORKER.connections]!,
    holding: row[WORKER.holding]!,
    retryBudget: row[WORKER.retryBudget]!,
  };
}

/** Strikes out what was so only while a worker ran. What it has counted stays. */
export function strikeOutPresent(row: TallyRow): void {
  row.fill(0, WORKER.connections, WORKER.retryBudget + 1);
}

function requestsIn(row: Float64Array): RequestCount[] {
  return METHODS.flatMap((method, m) =>
    OUTCOMES.map((outcome, o) => ({ method, outcome, count: row[8 * m + o]! }))
      .filter(({ count }) => count > 0)
  );
}

function timingsIn(row: Float64Array, at: number): Timings {
  return { steps: row.slice(at, at + STEP_COUNT), sumS: row[at + STEP_COUNT]! / 1000 };
}

function byName(names: readonly string[], row: Float64Array, at: number): Record<string, number> {
  return Object.fromEntries(names.map((name, i) => [name, row[at + i]!]));
}
