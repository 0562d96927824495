/**
 * Splits a stream of bytes into lines, in bounded memory.
 *
 * @module
 */

/** Number of bytes of a line that are kept. */
export const LONGEST_LINE_BYTES = 8192;

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/** Called with a line without its end, and the number of bytes that were cut off. */
type LineTaker = (text: string, cutBytes: number) => void;

/** Assembles the lines of one stream. */
export class LineReader {
  readonly #take: LineTaker;
  readonly #decoder = new TextDecoder();
  /** The unfinished line. */
  #line = new Uint8Array(0);
  #length = 0;
  #cutBytes = 0;

  /** @param take called for each line, in order */
  constructor(take: LineTaker) {
    this.#take = take;
  }

  /**
   * Adds bytes.
   *
   * @param bytes any part of the stream; not kept
   * @param hasRoom called before each line; the first false drops all remaining lines of the bytes
   * @returns the number of dropped lines
   */
  feed(bytes: Uint8Array, hasRoom: () => boolean): number {
    let start = 0;
    for (let end; (end = bytes.indexOf(NEWLINE, start)) !== -1; start = end + 1) {
      if (!hasRoom()) return this.#drop(bytes, start);
      this.#extend(bytes.subarray(start, end));
      this.#finish();
    }
    this.#extend(bytes.subarray(start));
    return 0;
  }

  /** Ends the last line, if there is one. */
  end(): void {
    if (this.#length > 0) this.#finish();
  }

  /** Skips lines in one pass: most of a flood is dropped. */
  #drop(bytes: Uint8Array, from: number): number {
    let lines = 0;
    let start = from;
    for (let at = from; at < bytes.length; at++) {
      if (bytes[at] !== NEWLINE) continue;
      lines++;
      start = at + 1;
    }
    this.#reset();
    this.#extend(bytes.subarray(start));
    return lines;
  }

  #extend(bytes: Uint8Array): void {
    const taken = bytes.subarray(0, LONGEST_LINE_BYTES - this.#length);
    this.#makeRoom(this.#length + taken.length);
    this.#line.set(taken, this.#length);
    this.#length += taken.length;
    this.#cutBytes += bytes.length - taken.length;
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#line.length) return;
    const grown = new Uint8Array(Math.min(LONGEST_LINE_BYTES, 2 * bytes));
    grown.set(this.#line.subarray(0, this.#length));
    this.#line = grown;
  }

  #finish(): void {
    const [length, cutBytes] = [this.#length, this.#cutBytes];
    const end = length > 0 && this.#line[length - 1] === CARRIAGE_RETURN ? length - 1 : length;
    this.#reset();
    this.#take(this.#decoder.decode(this.#line.subarray(0, end)), cutBytes);
  }

  #reset(): void {
    this.#length = this.#cutBytes = 0;
  }
}
