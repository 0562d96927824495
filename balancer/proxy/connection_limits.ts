/**
 * How many connections there may be, in all and from one address, counted across all workers.
 *
 * @module
 */

/** Addresses share counters by their hash; two that meet share their limit, too. */
const ADDRESS_COUNTERS = 1 << 14;

/** Memory that all workers count in. */
export type SharedCounts = Int32Array<SharedArrayBuffer>;

/** Makes the counters, once for all workers. */
export function sharedCounts(): SharedCounts {
  return new Int32Array(new SharedArrayBuffer(4 * (1 + ADDRESS_COUNTERS)));
}

/** The bounds; 0 is none. */
export interface ConnectionBounds {
  readonly total: number;
  readonly perAddress: number;
}

/** Counts connections in and out. */
export class ConnectionLimits {
  readonly #counts: SharedCounts;
  readonly #bounds: ConnectionBounds;

  constructor(counts: SharedCounts, bounds: ConnectionBounds) {
    this.#counts = counts;
    this.#bounds = bounds;
  }

  /**
   * Counts a connection in. It has to be counted out by {@linkcode leave} in either case.
   *
   * @param address where it comes from
   * @returns whether there is room for it
   */
  enter(address: string): boolean {
    const total = Atomics.add(this.#counts, 0, 1) + 1;
    const same = Atomics.add(this.#counts, counterOf(address), 1) + 1;
    return within(total, this.#bounds.total) && within(same, this.#bounds.perAddress);
  }

  /** Counts a connection out. */
  leave(address: string): void {
    Atomics.sub(this.#counts, 0, 1);
    Atomics.sub(this.#counts, counterOf(address), 1);
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
