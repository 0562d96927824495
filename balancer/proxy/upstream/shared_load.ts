/**
 * What is in flight to each instance, counted by all workers in memory that they share. Every
 * worker counts in a row of its own, so that none waits for another's cache line, and so that what
 * a worker that crashed has counted can be struck out.
 *
 * @module
 */
import { MAX_SLOTS } from "../../../ring/mod.ts";

/** Memory that all workers count in: a row for each. */
export type SharedLoads = Int32Array<SharedArrayBuffer>;

/**
 * Cells of a row that instances are given, from 1 on; cell 0 is the sum of them all, where one is kept. As many as can
 * be in a ring, and as many that are leaving it.
 */
export const LAST_CELL = 2 * MAX_SLOTS;

/** Rows begin a cache line apart from the end of the one before. */
const ROW = LAST_CELL + 32;

/**
 * Makes the memory; what is never counted in, the system never has to find.
 *
 * @param workers how many rows
 */
export function sharedLoads(workers: number): SharedLoads {
  return new Int32Array(new SharedArrayBuffer(4 * ROW * workers));
}

/**
 * What all workers together count in a cell.
 *
 * @param memory where they count
 * @param cell the cell; 0 for the sum of all
 */
export function loadIn(memory: SharedLoads, cell: number): number {
  let sum = 0;
  for (let at = cell; at < memory.length; at += ROW) sum += Atomics.load(memory, at);
  return sum;
}

/**
 * Strikes out what a worker has counted that does not run any more.
 *
 * @param memory where it counted
 * @param row its row, from 0
 * @param cells how many cells are or were somebody's
 */
export function strikeOut(memory: SharedLoads, row: number, cells: number): void {
  memory.fill(0, row * ROW, row * ROW + 1 + cells);
}

/** Where one worker counts what is in flight to one instance. */
export class LoadCell {
  readonly #memory: SharedLoads;
  readonly #cell: number;
  readonly #own: number;
  readonly #ownSum: number;
  readonly #summed: boolean;

  /**
   * @param memory where all workers count
   * @param row the worker's row, from 0
   * @param cell the instance's cell
   * @param summed whether the sum is kept, too: every request pays for it
   */
  constructor(memory: SharedLoads, row: number, cell: number, summed: boolean) {
    this.#memory = memory;
    this.#cell = cell;
    this.#ownSum = row * ROW;
    this.#own = row * ROW + cell;
    this.#summed = summed;
  }

  /** What all workers have in flight to the instance. */
  get count(): number {
    return loadIn(this.#memory, this.#cell);
  }

  /** Counts one in: to the instance first, so that the sum is never ahead of its parts. */
  enter(): void {
    Atomics.add(this.#memory, this.#own, 1);
    if (this.#summed) Atomics.add(this.#memory, this.#ownSum, 1);
  }

  /** Counts one out, the other way round. */
  leave(): void {
    if (this.#summed) Atomics.sub(this.#memory, this.#ownSum, 1);
    Atomics.sub(this.#memory, this.#own, 1);
  }
}
