/**
 * Requests that wait, in the order in which they came, within bounds. It knows neither why they
 * wait nor for how long.
 *
 * @module
 */

/** Bounds of a {@linkcode HoldQueue}. */
export interface HoldBounds {
  /** Most requests. */
  readonly requests: number;
  /** Most bytes that they keep, all together. */
  readonly bytes: number;
}

/** Something that waits. */
export interface Holdable {
  /** Bytes of memory that it keeps meanwhile. */
  readonly bytes: number;
}

/** A queue that is looked through as a whole: who may go, goes, and the others keep their places. */
export class HoldQueue<T extends Holdable> {
  readonly #bounds: HoldBounds;
  /** In the order of arrival, as every `Set` is. */
  readonly #waiting = new Set<T>();
  #bytes = 0;

  constructor(bounds: HoldBounds) {
    this.#bounds = bounds;
  }

  /** How many wait. */
  get count(): number {
    return this.#waiting.size;
  }

  /** Bytes that those keep who wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes one in, behind all others.
   *
   * @returns false when there is no room for it
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
   * Takes one out, wherever it stands.
   *
   * @returns false when it did not wait, or not any more
   */
  leave(one: T): boolean {
    if (!this.#waiting.delete(one)) return false;
    this.#bytes -= one.bytes;
    return true;
  }

  /** The first that meets a condition, in the order of arrival; it keeps its place. */
  find(meets: (one: T) => boolean): T | undefined {
    for (const one of this.#waiting) if (meets(one)) return one;
    return undefined;
  }

  /**
   * Takes out everyone whose wait is over.
   *
   * @param over asked about each, in the order of arrival
   * @returns those who went, in the order of arrival
   */
  release(over: (one: T) => boolean): T[] {
    const released = [...this.#waiting].filter(over);
    return released.filter((one) => this.leave(one));
  }
}
