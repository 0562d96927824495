/**
 * The load of each instance, counted by all workers in shared memory. Each worker counts in its own
 * row, so that no worker waits for another's cache line, and the counts of a crashed worker can be
 * reset.
 * @module
 */
import { MAX_SLOTS } from "../../../ring/mod.ts";

/** Memory shared by all workers: a row for each. */
export type SharedLoads = Int32Array<SharedArrayBuffer>;

/**
 * Index of the last cell of a row. Instances have cells from 1 on; cell 0 is the sum of all, if one
 * is kept. There are as many cells as a ring can have instances, and as many for instances that are
 * leaving.
 */
export const LAST_CELL = 2 * MAX_SLOTS;

/** Rows begin a cache line apart from the end of the one before. */
const ROW = LAST_CELL + 32;

/**
 * Allocates the memory; the system backs only the pages that are written.
 *
 * @param workers number of rows
 */
export function sharedLoads(workers: number): SharedLoads {
  return new Int32Array(new SharedArrayBuffer(4 * ROW * workers));
}

/**
 * Returns the sum of a cell over all workers.
 *
 * @param memory memory shared by all workers
 * @param cell the cell; 0 for the sum of all
 */
export function loadIn(memory: SharedLoads, cell: number): number {
  let sum = 0;
  for (let at = cell; at < memory.length; at += ROW) sum += Atomics.load(memory, at);
  return sum;
}

/**
 * Resets the counts of a worker that has ended.
 *
 * @param memory memory shared by all workers
 * @param row the worker's row, from 0
 * @param cells number of cells ever assigned
 */
export function strikeOut(memory: SharedLoads, row: number, cells: number): void {
  memory.fill(0, row * ROW, row * ROW + 1 + cells);
}

/** One worker's count of the requests in flight to one instance. */
export class LoadCell {
  readonly #memory: SharedLoads;
  readonly #cell: number;
  readonly #own: number;
  readonly #ownSum: number;
  readonly #summed: boolean;

  /**
   * @param memory memory shared by all workers
   * @param row the worker's row, from 0
   * @param cell the instance's cell
   * @param summed whether the sum is kept, too, which every request pays for
   */
  constructor(memory: SharedLoads, row: number, cell: number, summed: boolean) {
    this.#memory = memory;
    this.#cell = cell;
    this.#ownSum = row * ROW;
    this.#own = row * ROW + cell;
    this.#summed = summed;
  }

  /** Requests in flight to the instance, over all workers. */
  get count(): number {
    return loadIn(this.#memory, this.#cell);
  }

  /**
   * Counts a request in: in the instance's cell first, so that the sum is never ahead of its parts.
   */
  enter(): void {
    Atomics.add(this.#memory, this.#own, 1);
    if (this.#summed) Atomics.add(this.#memory, this.#ownSum, 1);
  }

  /** Counts a request out, in the reverse order. */
  leave(): void {
    if (this.#summed) Atomics.sub(this.#memory, this.#ownSum, 1);
    Atomics.sub(this.#memory, this.#own, 1);
  }
}
