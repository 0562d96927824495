/**
 * The main thread's side of counting: allocates the workers' memory, and adds up their rows.
 *
 * @module
 */
import {
  type DataPlaneCounts,
  type ReplicaCounts,
  replicaCounts,
  strikeOutPresent,
  type WorkerCounts,
  workerCounts,
} from "./counter_snapshot.ts";
import { type CounterTotals, emptyTotals, readWorkerTotals } from "./counter_totals.ts";
import { STEP_COUNT } from "./latency_buckets.ts";
import {
  BROKEN,
  type CounterRow,
  METHODS,
  OUTCOMES,
  REPLICA,
  SERVER_ERROR,
  WORKER,
} from "./counter_layout.ts";

/** Memory with a row for each worker. */
export type CounterSheet = Float64Array<SharedArrayBuffer>;

/** Counter memory of replicas, by name. */
export type ReplicaSheets = readonly (readonly [name: string, sheet: CounterSheet])[];

/**
 * Returns one worker's row.
 *
 * @param sheet the memory
 * @param width number of cells in a row
 * @param row index of the row, from 0
 */
export function rowOf(sheet: CounterSheet, width: number, row: number): CounterRow {
  return sheet.subarray(row * width, (row + 1) * width);
}

/** The totals that replicas add to. */
type LeftTimes = Pick<CounterTotals, "duration" | "firstByte">;

/**
 * Times of one replica since it joined, by bucket of the latency scale. The counts wrap at 2^32, so
 * differences of `Uint32` arithmetic are right.
 */
export interface ReplicaTimes {
  /** The counters that were read: others under the same name belong to a replica that joined later. */
  readonly counters: CounterSheet;
  /** From sending a request to the first byte of its response. */
  readonly firstByte: Uint32Array;
  /** Waits of its requests for it. */
  readonly hold: Uint32Array;
}

/** Times of all replicas, by name. */
export type TimesByName = Map<string, ReplicaTimes>;

/** Requests that a replica answered since it joined. */
interface AnsweredRequests {
  readonly requests: number;
  /** Those that ended in a 5xx response or broke off. */
  readonly errors: number;
}

/** The part of the counters that is read every second. */
export type CounterReader = Pick<
  CounterTable,
  "names" | "times" | "answered" | "workerCounts" | "totals"
>;

/** Replicas for each slice of {@linkcode CounterTable.countsInSlices}. */
const SLICE = 100;

/** The counters of all workers. A replacement worker continues in its predecessor's row. */
export class CounterTable {
  /** Memory of the workers' own counters. */
  readonly workers: CounterSheet;
  readonly #rows: number;
  readonly #replicas = new Map<string, CounterSheet>();
  /** Times of the replicas that left the ring, so that totals never go back. */
  readonly #left: LeftTimes = emptyTotals();

  /** @param rows number of workers */
  constructor(rows: number) {
    this.#rows = rows;
    this.workers = newSheet(WORKER.width, rows);
  }

  /** Memory of the counters of all replicas in the ring. */
  get replicas(): ReplicaSheets {
    return [...this.#replicas];
  }

  /** The names of all replicas in the ring. */
  get names(): Iterable<string> {
    return this.#replicas.keys();
  }

  /**
   * Allocates counters for new replicas, and drops those of replicas that left the ring.
   *
   * @param members the members of the ring
   * @returns the memory of the new replicas
   */
  enroll(members: readonly { readonly name: string }[]): ReplicaSheets {
    const present = new Set(members.map(({ name }) => name));
    for (const [name, sheet] of this.#replicas) {
      if (present.has(name)) continue;
      addTimes(this.#left, sheet);
      this.#replicas.delete(name);
    }
    const added = [...present].filter((name) => !this.#replicas.has(name));
    return added.map((name) => {
      const sheet = newSheet(REPLICA.width, this.#rows);
      this.#replicas.set(name, sheet);
      return [name, sheet] as const;
    });
  }

  /** Resets the gauges of a crashed worker; its counters stay. */
  strikeOut(row: number): void {
    strikeOutPresent(rowOf(this.workers, WORKER.width, row));
  }

  /** Sums of all workers' counters. */
  counts(): DataPlaneCounts {
    return { workers: this.workerCounts(), replicas: new Map(this.#replicaCounts()) };
  }

  /**
   * The same, in slices: the counters of a thousand replicas would block the main thread for 20 ms.
   *
   * @param pause lets other work of the thread run
   */
  async countsInSlices(pause: () => Promise<void>): Promise<DataPlaneCounts> {
    const replicas = new Map<string, ReplicaCounts>();
    for (const [name, counts] of this.#replicaCounts()) {
      replicas.set(name, counts);
      if (replicas.size % SLICE === 0) await pause();
    }
    return { workers: this.workerCounts(), replicas };
  }

  *#replicaCounts(): Generator<readonly [name: string, counts: ReplicaCounts]> {
    for (const [name, sheet] of this.replicas) {
      yield [name, replicaCounts(sumOf(sheet, REPLICA.width))];
    }
  }

  /**
   * Times of each replica, and nothing else: read once a second, even without a client of the API.
   *
   * @param reused an earlier result that is no longer needed: its memory is reused
   */
  times(reused: TimesByName = new Map()): TimesByName {
    const times: TimesByName = new Map();
    for (const [name, sheet] of this.#replicas) {
      const { firstByte, hold } = reused.get(name) ?? newTimes();
      readTimes(firstByte, sheet, REPLICA.firstByte);
      readTimes(hold, sheet, REPLICA.hold);
      times.set(name, { counters: sheet, firstByte, hold });
    }
    return times;
  }

  /** The requests that a replica in the ring answered. */
  answered(name: string): AnsweredRequests {
    const sheet = this.#replicas.get(name);
    if (!sheet) return { requests: 0, errors: 0 };
    let [requests, errors] = [0, 0];
    for (let row = 0; row < sheet.length; row += REPLICA.width) {
      for (let cell = row; cell < row + 8 * METHODS.length; cell += 8) {
        for (let outcome = 0; outcome < OUTCOMES.length; outcome++) {
          requests += sheet[cell + outcome]!;
        }
        errors += sheet[cell + SERVER_ERROR]! + sheet[cell + BROKEN]!;
      }
    }
    return { requests, errors };
  }

  /** Counters of the workers alone, without those of each replica. */
  workerCounts(): WorkerCounts {
    return workerCounts(sumOf(this.workers, WORKER.width));
  }

  /**
   * Sums over all replicas and workers.
   *
   * @param totals memory that receives them
   */
  totals(totals: CounterTotals): void {
    readWorkerTotals(totals, sumOf(this.workers, WORKER.width));
    totals.duration.set(this.#left.duration);
    totals.firstByte.set(this.#left.firstByte);
    for (const sheet of this.#replicas.values()) addTimes(totals, sheet);
  }
}

/** Adds a replica's times. */
function addTimes({ duration, firstByte }: LeftTimes, sheet: CounterSheet): void {
  addSteps(duration, sheet, REPLICA.duration);
  addSteps(firstByte, sheet, REPLICA.firstByte);
}

/** Replaces the counts by the sums of a replica's rows. */
function readTimes(steps: Uint32Array, sheet: CounterSheet, from: number): void {
  steps.fill(0);
  addSteps(steps, sheet, from);
}

/** Adds the buckets of a replica's rows; a row without any time is skipped. */
function addSteps(steps: Float64Array | Uint32Array, sheet: CounterSheet, from: number): void {
  for (let row = from; row < sheet.length; row += REPLICA.width) {
    if (sheet[row + STEP_COUNT] === 0) continue;
    for (let step = 0; step < STEP_COUNT; step++) steps[step]! += sheet[row + step]!;
  }
}

function newTimes(): Pick<ReplicaTimes, "firstByte" | "hold"> {
  return { firstByte: new Uint32Array(STEP_COUNT), hold: new Uint32Array(STEP_COUNT) };
}

/**
 * Adds up a range of cells over all rows.
 *
 * @param sum receives the sums; its length is the number of cells
 * @param sheet the rows
 * @param width number of cells in a row
 * @param from index of the first cell within a row
 */
function sumInto(sum: Float64Array, sheet: CounterSheet, width: number, from: number): void {
  for (let at = 0; at < sum.length; at++) sum[at] = sheet[from + at]!;
  for (let row = from + width; row < sheet.length; row += width) {
    for (let at = 0; at < sum.length; at++) sum[at]! += sheet[row + at]!;
  }
}

function newSheet(width: number, rows: number): CounterSheet {
  const bytes = Float64Array.BYTES_PER_ELEMENT * width * rows;
  return new Float64Array(new SharedArrayBuffer(bytes));
}

function sumOf(sheet: CounterSheet, width: number): Float64Array {
  const sum = new Float64Array(width);
  sumInto(sum, sheet, width, 0);
  return sum;
}
