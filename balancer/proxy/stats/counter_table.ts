/**
 * The main thread's side of counting: gives the workers memory to count in, and adds up what they
 * counted.
 *
 * @module
 */
import {
  type DataPlaneCounts,
  replicaCounts,
  strikeOutPresent,
  workerCounts,
} from "./counter_snapshot.ts";
import { STEP_COUNT } from "./latency_buckets.ts";
import { REPLICA, type TallyRow, WORKER } from "./counter_layout.ts";

/** Memory with a row for each worker. */
export type CounterSheet = Float64Array<SharedArrayBuffer>;

/** Memory to count replicas in, by their names. */
export type ReplicaSheets = readonly (readonly [name: string, sheet: CounterSheet])[];

/**
 * One worker's row.
 *
 * @param sheet the memory
 * @param width how many numbers are in a row
 * @param row which, from 0
 */
export function rowOf(sheet: CounterSheet, width: number, row: number): TallyRow {
  return sheet.subarray(row * width, (row + 1) * width);
}

/** How many requests took how long, by replica, in the steps of the latency scale. */
export type Durations = Map<string, Float64Array>;

/** What all workers count in. A worker that replaces another goes on in its row. */
export class CounterTable {
  /** For what they count of themselves. */
  readonly workers: CounterSheet;
  readonly #rows: number;
  readonly #replicas = new Map<string, CounterSheet>();

  /** @param rows how many workers there are */
  constructor(rows: number) {
    this.#rows = rows;
    this.workers = newSheet(WORKER.width, rows);
  }

  /** The memory for everyone in the ring. */
  get replicas(): ReplicaSheets {
    return [...this.#replicas];
  }

  /**
   * Has everyone in the ring counted, and forgets who is not in it any more.
   *
   * @param members who is in the ring
   * @returns the memory for those that are new
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

  /** A worker has crashed: what it counted stays, what it had in its hands is gone. */
  strikeOut(row: number): void {
    strikeOutPresent(rowOf(this.workers, WORKER.width, row));
  }

  /** What all of them counted. */
  counts(): DataPlaneCounts {
    const replicas = this.replicas.map(([name, sheet]) =>
      [name, replicaCounts(sumOf(sheet, REPLICA.width))] as const
    );
    return {
      workers: workerCounts(sumOf(this.workers, WORKER.width)),
      replicas: new Map(replicas),
    };
  }

  /**
   * How many requests to each replica took how long, and nothing else: this is asked for each second,
   * whether a client asks or not.
   *
   * @param reused what an earlier call returned and nothing needs any more: its memory is used again
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
 * Adds up the same numbers of all rows.
 *
 * @param sum where the sums go, as many as it holds
 * @param sheet the rows
 * @param width how many numbers are in a row
 * @param from index of the first one within a row
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
