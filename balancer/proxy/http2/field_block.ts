/**
 * A block of fields that arrives in several frames.
 *
 * @module
 */

const SMALLEST = 4096;

/** Collects the fragments of one block after another, within a limit. */
export class FieldBlock {
  /** Stream whose block is incomplete; 0 without one. */
  stream = 0;
  /** Whether the stream ends with the block. */
  last = false;
  readonly #most: number;
  #bytes = new Uint8Array(0);
  #length = 0;

  /** @param most longest block in bytes */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Begins a block.
   *
   * @param stream its stream
   * @param last whether the stream ends with it
   */
  begin(stream: number, last: boolean): void {
    this.stream = stream;
    this.last = last;
    this.#length = 0;
  }

  /** Adds a fragment. @returns whether the block is within its limit */
  add(bytes: Uint8Array, start: number, end: number): boolean {
    const length = this.#length + end - start;
    if (length > this.#most) return false;
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(bytes.subarray(start, end), this.#length);
    this.#length = length;
    return true;
  }

  /** Ends the block. @returns all of it; the memory is not kept */
  end(): Uint8Array<ArrayBuffer> {
    const whole = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array(0);
    this.stream = 0;
    return whole;
  }

  #grow(length: number): void {
    const larger = new Uint8Array(Math.max(SMALLEST, Math.min(2 * length, this.#most)));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
