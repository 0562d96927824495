/**
 * Buffers that are used again.
 *
 * @module
 */

/** Holds nearly every head, with a small body behind it. */
export const SMALL_BYTES = 4 * 1024;

/** Holds the longest head with what the proxy adds, and a large piece of a body. */
export const LARGE_BYTES = 128 * 1024;

/** What a client's connection begins with: enough for the head of a program, not of a browser. */
export const FIRST_BYTES = 512;

/** Enough for most heads, and little enough that ten thousand connections at rest hold one each. */
export const RESTING_BYTES = 2 * 1024;

/** Room that a head needs beside its own bytes, for what the proxy adds of its own. */
export const ADDED_BYTES = 1024;

/** A buffer that is lent. */
export type Buffer = Uint8Array<ArrayBuffer>;

/** So many buffers of each size are kept for good; more go to the garbage collector. */
const KEPT_SMALL = 1024;
const KEPT_LARGE = 64;

/** What is kept is cut from pieces of memory of this size, a piece when it is needed. */
const SLAB_BYTES = 1024 * 1024;

/**
 * The same for what the collector frees, all of a slab or nothing: one connection that stays keeps
 * so much, once it has had as many neighbours.
 */
const RESTING_SLAB_BYTES = 16 * RESTING_BYTES;

/** Lends buffers of two sizes, and gives away a third: to touch little memory is their speed. */
export class BufferPool {
  readonly #small = new Shelf(SMALL_BYTES, KEPT_SMALL);
  readonly #large = new Shelf(LARGE_BYTES, KEPT_LARGE);
  readonly #resting = new Slabs(RESTING_BYTES, RESTING_SLAB_BYTES);

  /**
   * A buffer with anything in it.
   *
   * @param bytes how many it has to hold, at most {@linkcode LARGE_BYTES}
   */
  take(bytes: number): Buffer {
    return (bytes <= SMALL_BYTES ? this.#small : this.#large).take();
  }

  /** Gives a buffer back. Nothing may read or write it any more, no operation under way either. */
  give(buffer: Buffer): void {
    (buffer.length === SMALL_BYTES ? this.#small : this.#large).give(buffer);
  }

  /** A buffer for good, for a connection that is used much: beside those of others like it. */
  settle(): Buffer {
    return this.#resting.cut();
  }
}

/** Buffers of one size, the one that was used last on top. */
class Shelf {
  readonly #bytes: number;
  readonly #slabs: Slabs;
  readonly #unused: Buffer[] = [];
  /** How many are still to be cut. */
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
    // One with memory of its own was made when all that are kept were lent.
    if (buffer.buffer.byteLength > this.#bytes) this.#unused.push(buffer);
  }
}

/**
 * Cuts buffers of one size from larger pieces of memory. The runtime looks up who owns the memory
 * of whatever it reads into or writes from: where many buffers have one owner, it is at hand.
 */
class Slabs {
  readonly #bytes: number;
  readonly #slabBytes: number;
  #slab = new ArrayBuffer(0);
  /** How much of the slab is cut. */
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
