/**
 * A full-screen terminal display, which restores the terminal when the program ends.
 *
 * @module
 */
import ansiEscapes from "ansi-escapes";

const CTRL_C = 3;
const ENDS = new Set([CTRL_C, "q".charCodeAt(0), "Q".charCodeAt(0)]);
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The terminal, from its creation until it is disposed of. */
export class LiveScreen implements Disposable {
  #ended = false;
  #wake: (error?: unknown) => void = () => {};
  readonly #onSize = () => this.#wake();
  readonly #onEnd = () => this.#end();

  constructor() {
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#onEnd);
    Deno.addSignalListener("SIGWINCH", this.#onSize);
    if (Deno.stdin.isTerminal()) {
      Deno.stdin.setRaw(true);
      watchKeys().then(this.#onEnd, (error) => this.#end(error));
    }
    write(ansiEscapes.enterAlternativeScreen + ansiEscapes.cursorHide);
  }

  /** Whether the user pressed q or ^C, or a terminating signal arrived. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Waits for a task.
   *
   * @param work the task
   * @returns whether the task finished; false if the program is to end first, or the size has
   * changed
   * @throws the error of reading the keyboard
   */
  settled(work: Promise<unknown>): Promise<boolean> {
    if (this.#ended) return Promise.resolve(false);
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    this.#wake = (error) => error === undefined ? resolve(false) : reject(error);
    const settle = () => resolve(true);
    work.then(settle, settle);
    return promise;
  }

  /** The size in characters; a terminal that does not report one gets that of the VT100. */
  get size(): { readonly width: number; readonly height: number } {
    const { columns, rows } = Deno.consoleSize();
    return { width: columns || 80, height: rows || 24 };
  }

  /** Replaces the displayed lines; in one write, so that nothing flickers. */
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

  #end(error?: unknown): void {
    this.#ended = true;
    this.#wake(error);
  }
}

/** Resolves when a quit key is pressed, or when the keyboard is gone. */
async function watchKeys(): Promise<void> {
  const keys = new Uint8Array(16);
  for (let count = await read(keys); count !== null; count = await read(keys)) {
    if (keys.subarray(0, count).some((key) => ENDS.has(key))) return;
  }
}

function read(keys: Uint8Array): Promise<number | null> {
  return Deno.stdin.read(keys);
}

function write(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let sent = 0; sent < bytes.length;) sent += Deno.stdout.writeSync(bytes.subarray(sent));
}
