/**
 * Lines that wait to be written together, as bytes: hundreds of thousands of short strings, kept
 * for a while, would be the collector's work.
 *
 * @module
 */

/** Bytes that there is room for at first. */
const FIRST_BYTES = 64 * 1024;

/** Bytes that a character takes at the most, of those that are one UTF-16 code unit. */
const CHARACTER_BYTES = 3;

/** A batch after the other. */
export class LineBatch {
  readonly #most: number;
  readonly #encoder = new TextEncoder();
  #bytes = new Uint8Array(0);
  #length = 0;
  #count = 0;

  /** @param most bytes that a batch has at the most */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many lines there are. */
  get count(): number {
    return this.#count;
  }

  /** How many bytes they have. */
  get length(): number {
    return this.#length;
  }

  /** Takes a line, with its end, in. @returns false where there is no room for it */
  add(line: string): boolean {
    if (!this.#makeRoom(CHARACTER_BYTES * line.length)) return false;
    this.#length += this.#encoder.encodeInto(line, this.#bytes.subarray(this.#length)).written;
    this.#count++;
    return true;
  }

  /** Takes all lines out. */
  take(): Uint8Array<ArrayBuffer> {
    const lines = this.#bytes.slice(0, this.#length);
    this.#length = this.#count = 0;
    // What was needed once, while nobody read, is not kept for ever.
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
