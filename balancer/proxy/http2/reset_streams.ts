/**
 * Streams that the server has reset a moment ago.
 *
 * @module
 */

/** Number of streams that are remembered. */
const REMEMBERED = 256;

/**
 * The client may have sent frames on such a stream before it saw the reset; those are ignored (RFC
 * 9113, section 5.1).
 */
export class ResetStreams {
  readonly #ids = new Set<number>();

  /** Remembers a stream; the oldest one is forgotten. */
  add(id: number): void {
    this.#ids.add(id);
    if (this.#ids.size <= REMEMBERED) return;
    const [oldest] = this.#ids;
    this.#ids.delete(oldest!);
  }

  /** Whether the stream was reset a moment ago. */
  has(id: number): boolean {
    return this.#ids.has(id);
  }
}
