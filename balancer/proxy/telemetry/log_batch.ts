/**
 * Lines that wait to be written together, as bytes: hundreds of thousands of short strings that
 * live for a while would burden the garbage collector.
 *
 * @module
 */

/** Initial capacity in bytes. */
const FIRST_BYTES = 64 * 1024;

/** Most bytes of a character that is one UTF-16 code unit. */
const CHARACTER_BYTES = 3;

/** Collects one batch after another. */
export class LineBatch {
  readonly #most: number;
  readonly #encoder = new TextEncoder();
  #bytes = new Uint8Array(0);
  #length = 0;
  #count = 0;

  /** @param most largest size of a batch, in bytes */
  constructor(most: number) {
    this.#most = most;
  }

  /** Number of lines. */
  get count(): number {
    return this.#count;
  }

  /** Number of bytes. */
  get length(): number {
    return this.#length;
  }

  /** Adds a line, with its end. @returns false if there is no room */
  add(line: string): boolean {
    if (!this.#makeRoom(CHARACTER_BYTES * line.length)) return false;
    this.#length += this.#encoder.encodeInto(line, this.#bytes.subarray(this.#length)).written;
    this.#count++;
    return true;
  }

  /** Removes and returns all lines. */
  take(): Uint8Array<ArrayBuffer> {
    const lines = this.#bytes.slice(0, this.#length);
    this.#length = this.#count = 0;
    // A buffer that grew behind a slow reader is not kept.
    if (this.#bytes.length > FIRST_BYTES) this.#bytes = new Uint8Array(0);
    return lines;
  }

  #makeRoom(bytes: number): boolean {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return true;
    if (needed > this.#most) return false;
    const grown = new Uint8Array(Math.min(this.#most, Math.max(2 * needed, FIRST_BYTES)));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    return true;
  }
}
