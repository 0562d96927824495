/**
 * Waiting requests in order of arrival, within bounds. The queue knows neither the cause of a wait
 * nor its deadline.
 *
 * @module
 */

/** Bounds of a {@linkcode HoldQueue}. */
export interface HoldBounds {
  /** Most requests. */
  readonly requests: number;
  /** Most bytes of all waiting requests together. */
  readonly bytes: number;
}

/** An entry of the queue. */
export interface Holdable {
  /** Bytes of memory that the entry keeps while it waits. */
  readonly bytes: number;
}

/**
 * A queue that is examined as a whole: entries that may proceed are removed, the others keep their
 * order.
 */
export class HoldQueue<T extends Holdable> {
  readonly #bounds: HoldBounds;
  /** In order of arrival, as every `Set` is. */
  readonly #waiting = new Set<T>();
  #bytes = 0;

  constructor(bounds: HoldBounds) {
    this.#bounds = bounds;
  }

  /** Number of waiting entries. */
  get count(): number {
    return this.#waiting.size;
  }

  /** Bytes of all waiting entries. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds an entry at the end.
   *
   * @returns false if there is no room
   */
  enter(one: T): boolean {
    if (this.#waiting.has(one)) return true;
    const { requests, bytes } = this.#bounds;
    if (this.#waiting.size >= requests || this.#bytes + one.bytes > bytes) return false;
    this.#waiting.add(one);
    this.#bytes += one.bytes;
    return true;
  }

  /**
   * Removes an entry from any position.
   *
   * @returns false if the entry does not wait (any more)
   */
  leave(one: T): boolean {
    if (!this.#waiting.delete(one)) return false;
    this.#bytes -= one.bytes;
    return true;
  }

  /** The first entry that meets a condition, in order of arrival; it stays in the queue. */
  find(meets: (one: T) => boolean): T | undefined {
    for (const one of this.#waiting) if (meets(one)) return one;
    return undefined;
  }

  /**
   * Removes all entries whose wait is over.
   *
   * @param over called for each, in order of arrival
   * @returns the removed entries, in order of arrival
   */
  release(over: (one: T) => boolean): T[] {
    const released = [...this.#waiting].filter(over);
    return released.filter((one) => this.leave(one));
  }
}
