/**
 * Limits of open connections, in total and for each address, over all workers. Each worker counts
 * in its own row, so that a crashed worker's connections can be subtracted.
 *
 * @module
 */

/** Addresses share counters by their hash; two addresses with the same hash share their limit. */
const ADDRESS_COUNTERS = 1 << 14;

/** The total, the counters of addresses, and the rest of a cache line. */
const ROW = 16 + ADDRESS_COUNTERS;

/** Memory shared by all workers: a row for each. */
export type SharedCounts = Int32Array<SharedArrayBuffer>;

/**
 * Creates the counters, once for all workers.
 *
 * @param workers number of rows
 */
export function sharedCounts(workers: number): SharedCounts {
  return new Int32Array(new SharedArrayBuffer(4 * ROW * workers));
}

/**
 * Resets the connection counts of a worker that has ended.
 *
 * @param counts the shared counters
 * @param row the worker's row, from 0
 */
export function strikeOutConnections(counts: SharedCounts, row: number): void {
  counts.fill(0, row * ROW, (row + 1) * ROW);
}

/** The limits, read for each connection; 0 and Infinity mean no limit. */
interface ConnectionBounds {
  readonly total: number;
  readonly perAddress: number;
}

/** Counts connections in and out. */
export class ConnectionLimits {
  readonly #counts: SharedCounts;
  readonly #row: number;
  readonly #bounds: ConnectionBounds;

  /**
   * @param counts counters shared by all workers
   * @param row the worker's row, from 0
   * @param bounds the limits
   */
  constructor(counts: SharedCounts, row: number, bounds: ConnectionBounds) {
    this.#counts = counts;
    this.#row = row;
    this.#bounds = bounds;
  }

  /**
   * Counts a connection in. Every call needs a call of {@linkcode leave}, even when a limit is
   * exceeded.
   *
   * @param address the client's address
   * @returns the exceeded limit; undefined when the connection is within all limits
   */
  enter(address: string): keyof ConnectionBounds | undefined {
    const counter = counterOf(address);
    this.#add(0, 1);
    this.#add(counter, 1);
    if (!within(this.#sum(0), this.#bounds.total)) return "total";
    return within(this.#sum(counter), this.#bounds.perAddress) ? undefined : "perAddress";
  }

  /** Counts a connection out. */
  leave(address: string): void {
    this.#add(0, -1);
    this.#add(counterOf(address), -1);
  }

  #add(counter: number, count: number): void {
    Atomics.add(this.#counts, this.#row * ROW + counter, count);
  }

  #sum(counter: number): number {
    let sum = 0;
    for (let at = counter; at < this.#counts.length; at += ROW) {
      sum += Atomics.load(this.#counts, at);
    }
    return sum;
  }
}

function within(count: number, bound: number): boolean {
  return bound === 0 || count <= bound;
}

/** FNV-1a over the address; counter 0 is the total. */
function counterOf(address: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < address.length; i++) {
    hash = Math.imul(hash ^ address.charCodeAt(i), 0x01000193);
  }
  return 1 + (hash >>> 0) % ADDRESS_COUNTERS;
}
