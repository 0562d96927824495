/**
 * Streams that the client has skipped: numbers below the last one that it has opened.
 *
 * @module
 */

/** Number of gaps that are remembered; a client that counts on has none. */
const REMEMBERED = 32;

/**
 * A skipped stream can no longer be opened (RFC 9113, section 5.1.1), which is another error than a
 * frame on a stream that was used and is closed.
 */
export class SkippedStreams {
  /** The first and the last stream of each gap. */
  readonly #gaps: (readonly [first: number, last: number])[] = [];

  /**
   * A stream was opened.
   *
   * @param id the stream
   * @param before the last one that was opened before it
   */
  opened(id: number, before: number): void {
    const first = before === 0 ? 1 : before + 2;
    if (id <= first) return;
    this.#gaps.push([first, id - 2]);
    if (this.#gaps.length > REMEMBERED) this.#gaps.shift();
  }

  /** Whether the client has skipped that stream; false for a gap that is forgotten. */
  has(id: number): boolean {
    return this.#gaps.some(([first, last]) => id >= first && id <= last);
  }
}
