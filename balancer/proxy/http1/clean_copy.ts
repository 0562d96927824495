/**
 * The forwarded part of a chunked response: its bytes without those that a replica should not have
 * sent.
 *
 * @module
 */

const SMALLEST_TAIL = 256;

/**
 * Records the bytes to leave out, while a `ChunkScanner` takes them. Trailer fields are kept back
 * until their names are known, and sent after all other bytes.
 */
export class CleanCopy {
  /** Start and end of each run of the last scan's bytes that is left out. */
  #cuts = new Int32Array(32);
  #cutCount = 0;
  /** Whether the current byte is left out. */
  #cutting = false;
  /** Whether trailer fields have begun. */
  #inTrailers = false;
  /** Whether the current trailer field is left out. */
  #dropping = false;
  /** Whether the trailer field ends with the current byte. */
  #ending = false;
  #lineStart = 0;
  #tail = new Uint8Array(0);
  #tailLength = 0;

  /** Prepares for the next body. */
  reset(): void {
    this.#cutCount = this.#tailLength = this.#lineStart = 0;
    this.#cutting =
      this.#inTrailers =
      this.#dropping =
      this.#ending =
        false;
  }

  /** Prepares for the next scan. */
  begin(): void {
    this.#cutCount = 0;
  }

  /** Leaves out the current byte. */
  cut(): void {
    this.#cutting = true;
  }

  /** Keeps back the current byte, and all that follow. */
  beginTrailers(): void {
    this.#inTrailers = true;
  }

  /** Leaves out the current trailer field. */
  dropTrailer(): void {
    this.#dropping = true;
  }

  /** The trailer field ends with the current byte. */
  endTrailer(): void {
    this.#ending = true;
  }

  /**
   * A byte of the framing was taken.
   *
   * @param at its index
   * @param byte the byte
   */
  taken(at: number, byte: number): void {
    if (!this.#cutting && !this.#inTrailers) return;
    this.#cutting = false;
    this.#cutAt(at);
    if (this.#inTrailers) this.#keepBack(byte);
  }

  /**
   * Closes the gaps in the bytes of the last scan.
   *
   * @param bytes buffer that was scanned
   * @param from index of the first byte that was taken
   * @param end index after the last one
   * @returns index after the last byte to send
   */
  compact(bytes: Uint8Array, from: number, end: number): number {
    if (this.#cutCount === 0) return end;
    let to = from;
    let start = from;
    for (let i = 0; i < this.#cutCount; i++) {
      bytes.copyWithin(to, start, this.#cuts[2 * i]);
      to += this.#cuts[2 * i]! - start;
      start = this.#cuts[2 * i + 1]!;
    }
    bytes.copyWithin(to, start, end);
    return to + end - start;
  }

  /** The trailer section with the empty line behind it; empty if no trailers were kept back. */
  get tail(): Uint8Array {
    return this.#tail.subarray(0, this.#tailLength);
  }

  #cutAt(at: number): void {
    const last = this.#cutCount * 2;
    if (last > 0 && this.#cuts[last - 1] === at) {
      this.#cuts[last - 1] = at + 1;
      return;
    }
    if (last === this.#cuts.length) {
      const larger = new Int32Array(last * 2);
      larger.set(this.#cuts);
      this.#cuts = larger;
    }
    this.#cuts[last] = at;
    this.#cuts[last + 1] = at + 1;
    this.#cutCount++;
  }

  #keepBack(byte: number): void {
    if (this.#tailLength === this.#tail.length) {
      const larger = new Uint8Array(Math.max(SMALLEST_TAIL, this.#tail.length * 2));
      larger.set(this.#tail);
      this.#tail = larger;
    }
    this.#tail[this.#tailLength++] = byte;
    if (!this.#ending) return;
    if (this.#dropping) this.#tailLength = this.#lineStart;
    this.#lineStart = this.#tailLength;
    this.#ending = this.#dropping = false;
  }
}
