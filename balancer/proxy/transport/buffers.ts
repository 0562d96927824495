/**
 * Reused buffers.
 *
 * @module
 */

/** Size that fits nearly every head with a small body. */
export const SMALL_BYTES = 4 * 1024;

/**
 * Size that fits the longest head with the fields that the proxy adds, and a large piece of a body.
 */
export const LARGE_BYTES = 128 * 1024;

/** First buffer of a client's connection: enough for the head of a program, not of a browser. */
export const FIRST_BYTES = 512;

/**
 * Size that fits most heads, and is small enough for ten thousand idle connections to hold one
 * each.
 */
export const RESTING_BYTES = 2 * 1024;

/** Room for the fields that the proxy adds to a head. */
export const ADDED_BYTES = 1024;

/** A buffer that is in use. */
export type Buffer = Uint8Array<ArrayBuffer>;

/** Most buffers of each size that are kept; more are left to the garbage collector. */
const KEPT_SMALL = 1024;
const KEPT_LARGE = 64;

/** Size of the slabs from which kept buffers are cut on demand. */
const SLAB_BYTES = 1024 * 1024;

/**
 * Slab size of resting buffers. The collector frees a slab as a whole: one connection that stays
 * can keep this much memory alive.
 */
const RESTING_SLAB_BYTES = 16 * RESTING_BYTES;

/**
 * Lends buffers of two sizes, and gives away resting buffers; fast since it touches little memory.
 */
export class BufferPool {
  readonly #small = new Shelf(SMALL_BYTES, KEPT_SMALL);
  readonly #large = new Shelf(LARGE_BYTES, KEPT_LARGE);
  readonly #resting = new Slabs(RESTING_BYTES, RESTING_SLAB_BYTES);

  /**
   * Lends a buffer with arbitrary content.
   *
   * @param bytes required size, at most {@linkcode LARGE_BYTES}
   */
  take(bytes: number): Buffer {
    return (bytes <= SMALL_BYTES ? this.#small : this.#large).take();
  }

  /** Takes a buffer back. No operation on it may be under way or follow. */
  give(buffer: Buffer): void {
    (buffer.length === SMALL_BYTES ? this.#small : this.#large).give(buffer);
  }

  /** Gives away a buffer for a busy connection, in a slab with those of similar connections. */
  settle(): Buffer {
    return this.#resting.cut();
  }
}

/** Buffers of one size, the last used on top. */
class Shelf {
  readonly #bytes: number;
  readonly #slabs: Slabs;
  readonly #unused: Buffer[] = [];
  /** Number of buffers that are not cut yet. */
  #uncut: number;

  constructor(bytes: number, kept: number) {
    this.#bytes = bytes;
    this.#slabs = new Slabs(bytes, SLAB_BYTES);
    this.#uncut = kept;
  }

  take(): Buffer {
    const unused = this.#unused.pop();
    if (unused) return unused;
    if (this.#uncut === 0) return new Uint8Array(this.#bytes);
    this.#uncut--;
    return this.#slabs.cut();
  }

  give(buffer: Buffer): void {
    // A buffer with its own memory was allocated when all kept buffers were in use.
    if (buffer.buffer.byteLength > this.#bytes) this.#unused.push(buffer);
  }
}

/**
 * Cuts buffers of one size from slabs. The runtime looks up the owner of the memory of each read or
 * write: with many buffers in one slab that owner stays in the processor's cache.
 */
class Slabs {
  readonly #bytes: number;
  readonly #slabBytes: number;
  #slab = new ArrayBuffer(0);
  /** Bytes of the slab that are cut. */
  #cut = 0;

  constructor(bytes: number, slabBytes: number) {
    this.#bytes = bytes;
    this.#slabBytes = slabBytes;
  }

  cut(): Buffer {
    if (this.#cut === this.#slab.byteLength) {
      this.#slab = new ArrayBuffer(this.#slabBytes);
      this.#cut = 0;
    }
    const start = this.#cut;
    this.#cut += this.#bytes;
    return new Uint8Array(this.#slab, start, this.#bytes);
  }
}

/**
 * Frees bytes that the runtime allocated. The collector frees them late, since their memory is not in
 * its heap: until then each new buffer is memory that no cache holds, at five times the cost of
 * encrypting it.
 *
 * @param bytes are empty afterwards
 */
export function free({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
