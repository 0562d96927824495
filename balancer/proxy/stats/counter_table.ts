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
import { STEP_COUNT } from "./latency_buckets.ts";
import { REPLICA, type TallyRow, WORKER } from "./counter_layout.ts";

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
export function rowOf(sheet: CounterSheet, width: number, row: number): TallyRow {
  return sheet.subarray(row * width, (row + 1) * width);
}

/** Histogram of request durations for each replica, in the buckets of the latency scale. */
export type Durations = Map<string, Float64Array>;

/** Replicas for each slice of {@linkcode CounterTable.countsInSlices}. */
const SLICE = 100;

/** The counters of all workers. A replacement worker continues in its predecessor's row. */
export class CounterTable {
  /** Memory of the workers' own counters. */
  readonly workers: CounterSheet;
  readonly #rows: number;
  readonly #replicas = new Map<string, CounterSheet>();

  /** @param rows number of workers */
  constructor(rows: number) {
    this.#rows = rows;
    this.workers = newSheet(WORKER.width, rows);
  }

  /** Memory of the counters of all replicas in the ring. */
  get replicas(): ReplicaSheets {
    return [...this.#replicas];
  }

  /**
   * Allocates counters for new replicas, and drops those of replicas that left the ring.
   *
   * @param members the members of the ring
   * @returns the memory of the new replicas
   */
  enroll(members: readonly { readonly name: string }[]): ReplicaSheets {
    const present = new Set(members.map(({ name }) => name));
    for (const name of this.#replicas.keys()) {
      if (!present.has(name)) this.#replicas.delete(name);
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
    return { workers: this.#workerCounts(), replicas: new Map(this.#replicaCounts()) };
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
    return { workers: this.#workerCounts(), replicas };
  }

  #workerCounts(): WorkerCounts {
    return workerCounts(sumOf(this.workers, WORKER.width));
  }

  *#replicaCounts(): Generator<readonly [name: string, counts: ReplicaCounts]> {
    for (const [name, sheet] of this.replicas) {
      yield [name, replicaCounts(sumOf(sheet, REPLICA.width))];
    }
  }

  /**
   * Histograms of request durations for each replica, and nothing else: read once a second, even
   * without a client of the API.
   *
   * @param reused an earlier result that is no longer needed: its memory is reused
   */
  durations(reused: Durations = new Map()): Durations {
    const durations: Durations = new Map();
    for (const [name, sheet] of this.#replicas) {
      const steps = reused.get(name) ?? new Float64Array(STEP_COUNT);
      sumInto(steps, sheet, REPLICA.width, REPLICA.duration);
      durations.set(name, steps);
    }
    return durations;
  }
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
