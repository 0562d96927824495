/**
 * How many connections there may be, in all and from one address, counted across all workers: by
 * each in a row of its own, so that those of one that crashed can be struck out.
 *
 * @module
 */

/** Addresses share counters by their hash; two that meet share their limit, too. */
const ADDRESS_COUNTERS = 1 << 14;

/** The total, the counters of addresses, and the rest of a cache line. */
const ROW = 16 + ADDRESS_COUNTERS;

/** Memory that all workers count in: a row for each. */
export type SharedCounts = Int32Array<SharedArrayBuffer>;

/**
 * Makes the counters, once for all workers.
 *
 * @param workers how many rows
 */
export function sharedCounts(workers: number): SharedCounts {
  return new Int32Array(new SharedArrayBuffer(4 * ROW * workers));
}

/**
 * Counts the connections out that a worker had which does not run any more.
 *
 * @param counts where it counted
 * @param row its row, from 0
 */
export function strikeOutConnections(counts: SharedCounts, row: number): void {
  counts.fill(0, row * ROW, (row + 1) * ROW);
}

/** The bounds, read for each connection; 0 and Infinity are none. */
export interface ConnectionBounds {
  readonly total: number;
  readonly perAddress: number;
}

/** Counts connections in and out. */
export class ConnectionLimits {
  readonly #counts: SharedCounts;
  readonly #row: number;
  readonly #bounds: ConnectionBounds;

  /**
   * @param counts where all workers count
   * @param row the worker's row, from 0
   * @param bounds how many there may be
   */
  constructor(counts: SharedCounts, row: number, bounds: ConnectionBounds) {
    this.#counts = counts;
    this.#row = row;
    this.#bounds = bounds;
  }

  /**
   * Counts a connection in. It has to be counted out by {@linkcode leave} in either case.
   *
   * @param address where it comes from
   * @returns the bound that it exceeds; undefined where there is room for it
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
