/**
 * Buffers that are used again.
 *
 * @module
 */

/** Size of a lent buffer in bytes: the largest head with room for what the proxy adds, and a body's piece. */
export const BUFFER_BYTES = 128 * 1024;

/** So many unused buffers are kept; more go to the garbage collector. */
const KEPT = 64;

/** Lends buffers of one size. */
export class BufferPool {
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  /** A buffer with anything in it. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#free.pop() ?? new Uint8Array(BUFFER_BYTES);
  }

  /** Gives a buffer back. Nothing may read or write it any more, no operation under way either. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    if (this.#free.length < KEPT) this.#free.push(buffer);
  }
}
