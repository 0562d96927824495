/**
 * A terminal that a program draws on, and that is as before when the program ends.
 *
 * @module
 */
import ansiEscapes from "ansi-escapes";

const CTRL_C = 3;
const ENDS = new Set([CTRL_C, "q".charCodeAt(0), "Q".charCodeAt(0)]);
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The terminal, from its making until it is disposed of. */
export class LiveScreen implements Disposable {
  #ended = false;
  #wake = () => {};
  readonly #onSize = () => this.#wake();
  readonly #onEnd = () => {
    this.#ended = true;
    this.#wake();
  };

  constructor() {
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#onEnd);
    Deno.addSignalListener("SIGWINCH", this.#onSize);
    if (Deno.stdin.isTerminal()) {
      Deno.stdin.setRaw(true);
      this.#watchKeys();
    }
    write(ansiEscapes.enterAlternativeScreen + ansiEscapes.cursorHide);
  }

  /** Whether somebody pressed q or ^C, or a signal came that ends programs. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Waits for something.
   *
   * @param work what to wait for
   * @returns whether it came; false where the program is to end before, or the size has changed
   */
  settled(work: Promise<unknown>): Promise<boolean> {
    if (this.#ended) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#wake = () => resolve(false);
    const settle = () => resolve(true);
    work.then(settle, settle);
    return promise;
  }

  /** Its size in characters. */
  get size(): { readonly width: number; readonly height: number } {
    const { columns, rows } = Deno.consoleSize();
    return { width: columns, height: rows };
  }

  /** Shows lines instead of what was there; in one piece, so that nothing flickers. */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => line + ansiEscapes.eraseEndLine).join("\r\n");
    write(ansiEscapes.cursorTo(0, 0) + text + ansiEscapes.eraseDown);
  }

  [Symbol.dispose](): void {
    if (Deno.stdin.isTerminal()) Deno.stdin.setRaw(false);
    write(ansiEscapes.cursorShow + ansiEscapes.exitAlternativeScreen);
    Deno.removeSignalListener("SIGWINCH", this.#onSize);
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, this.#onEnd);
  }

  /** A terminal that is gone ends the program, too. */
  async #watchKeys(): Promise<void> {
    const keys = new Uint8Array(16);
    try {
      for (let count = await read(keys); count !== null; count = await read(keys)) {
        if (keys.subarray(0, count).some((key) => ENDS.has(key))) break;
      }
    } finally {
      this.#onEnd();
    }
  }
}

function read(keys: Uint8Array): Promise<number | null> {
  return Deno.stdin.read(keys);
}

function write(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let sent = 0; sent < bytes.length;) sent += Deno.stdout.writeSync(bytes.subarray(sent));
}
