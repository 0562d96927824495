/**
 * Lines at the end of a terminal that are redrawn in place.
 *
 * @module
 */
import ansiEscapes from "ansi-escapes";
import cliTruncate from "cli-truncate";

/** The elapsed time is in the lines, in seconds. */
const REDRAW_MS = 1000;

/** The terminal's size in characters. */
interface Size {
  readonly width: number;
  readonly height: number;
}

/** A block of lines, drawn once a second until it is disposed of; the last lines stay. */
export class ProgressBlock implements Disposable {
  readonly #lines: (size: Size) => readonly string[];
  readonly #timer: ReturnType<typeof setInterval>;
  #drawn = 0;

  /** @param lines returns the block's present lines */
  constructor(lines: (size: Size) => readonly string[]) {
    this.#lines = lines;
    this.#timer = setInterval(() => this.draw(), REDRAW_MS);
  }

  /** Draws the lines over the previous ones. A line that wraps could not be overwritten. */
  draw(): void {
    const size = terminalSize();
    const lines = this.#lines(size).map((line) => cliTruncate(line, size.width - 1));
    const back = this.#drawn === 0 ? "" : ansiEscapes.cursorUp(this.#drawn);
    this.#drawn = lines.length;
    const text = lines.map((line) => `${line}${ansiEscapes.eraseEndLine}\n`).join("");
    write(`${back}\r${text}${ansiEscapes.eraseDown}`);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#drawn > 0) this.draw();
  }
}

/** A terminal that does not report its size gets that of the VT100. */
function terminalSize(): Size {
  const { columns, rows } = Deno.consoleSize();
  return { width: columns || 80, height: rows || 24 };
}

function write(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let sent = 0; sent < bytes.length;) sent += Deno.stdout.writeSync(bytes.subarray(sent));
}
