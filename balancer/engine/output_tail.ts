/**
 * The last lines that an instance wrote, in bounded memory.
 *
 * @module
 */
import { escapeLateControls } from "../log/style.ts";
import { OUTPUT_TAIL_LINES } from "./engine.ts";

/** Number of characters of a line that are kept. */
export const LONGEST_LINE = 500;

/** Enough bytes for that many characters of UTF-8. */
const LONGEST_LINE_BYTES = 4 * LONGEST_LINE;
const NEWLINE = 10;

/** Keeps the last {@linkcode OUTPUT_TAIL_LINES} lines of several streams. */
export class OutputTail {
  readonly #lines: string[] = [];
  /** Bytes of each stream since its last newline, truncated. */
  readonly #unfinished = new Map<number, Uint8Array>();

  /**
   * Adds bytes of a stream.
   *
   * @param stream number of the stream; a newline ends the line of its own stream
   * @param bytes any part of the output; not kept
   */
  feed(stream: number, bytes: Uint8Array): void {
    const skipped = beginOfLast(bytes);
    if (skipped > 0) this.#unfinished.delete(stream);
    let start = skipped;
    for (let end; (end = bytes.indexOf(NEWLINE, start)) !== -1; start = end + 1) {
      this.#extend(stream, bytes.subarray(start, end));
      this.#finish(stream);
    }
    if (start < bytes.length) this.#extend(stream, bytes.subarray(start));
  }

  /** The last lines, oldest first. Unfinished lines come last. */
  get lines(): readonly string[] {
    const unfinished = [...this.#unfinished.values()].map(lineOf);
    return [...this.#lines, ...unfinished].slice(-OUTPUT_TAIL_LINES);
  }

  #extend(stream: number, bytes: Uint8Array): void {
    const before = this.#unfinished.get(stream);
    const room = LONGEST_LINE_BYTES - (before?.length ?? 0);
    if (before && room === 0) return;
    const line = new Uint8Array((before?.length ?? 0) + Math.min(room, bytes.length));
    line.set(before ?? []);
    line.set(bytes.subarray(0, room), before?.length ?? 0);
    this.#unfinished.set(stream, line);
  }

  #finish(stream: number): void {
    this.#lines.push(lineOf(this.#unfinished.get(stream) ?? new Uint8Array()));
    this.#unfinished.delete(stream);
    if (this.#lines.length > OUTPUT_TAIL_LINES) this.#lines.shift();
  }
}

/** Returns the offset of the last lines, so that the rest of a flood is skipped. */
function beginOfLast(bytes: Uint8Array): number {
  let end = bytes.length;
  for (let count = 0; count <= OUTPUT_TAIL_LINES; count++) {
    if (end === 0) return 0;
    end = bytes.lastIndexOf(NEWLINE, end - 1);
    if (end === -1) return 0;
  }
  return end + 1;
}

function lineOf(bytes: Uint8Array): string {
  const line = new TextDecoder().decode(bytes).slice(0, LONGEST_LINE);
  return escapeLateControls(line.endsWith("\r") ? line.slice(0, -1) : line);
}
