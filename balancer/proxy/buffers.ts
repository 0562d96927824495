/**
 * Buffers that are used again.
 *
 * @module
 */

/** Holds nearly every head, with a small body behind it. */
export const SMALL_BYTES = 4 * 1024;

/** Holds the longest head with what the proxy adds, and a large piece of a body. */
export const LARGE_BYTES = 128 * 1024;

/** Room that a head needs beside its own bytes, for what the proxy adds of its own. */
export const ADDED_BYTES = 1024;

/** A buffer that is lent. */
export type Buffer = Uint8Array<ArrayBuffer>;

/** So many unused buffers of each size are kept; more go to the garbage collector. */
const KEPT_SMALL = 1024;
const KEPT_LARGE = 64;

/** Lends buffers of two sizes: to touch little memory is most of their speed. */
export class BufferPool {
  readonly #small: Buffer[] = [];
  readonly #large: Buffer[] = [];

  /**
   * A buffer with anything in it.
   *
   * @param bytes how many it has to hold, at most {@linkcode LARGE_BYTES}
   */
  take(bytes: number): Buffer {
    if (bytes <= SMALL_BYTES) return this.#small.pop() ?? new Uint8Array(SMALL_BYTES);
    return this.#large.pop() ?? new Uint8Array(LARGE_BYTES);
  }

  /** Gives a buffer back. Nothing may read or write it any more, no operation under way either. */
  give(buffer: Buffer): void {
    if (buffer.length === SMALL_BYTES) {
      if (this.#small.length < KEPT_SMALL) this.#small.push(buffer);
    } else if (this.#large.length < KEPT_LARGE) {
      this.#large.push(buffer);
    }
  }
}
