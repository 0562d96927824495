/**
 * Standard output, for everything that is logged. It is written to beside everything else: whoever
 * reads it slowly, or not at all, holds nobody up. What waits for that is bounded, and what is too
 * much is lost and counted.
 *
 * @module
 */

/** Where bytes go: standard output, or what a test has in its place. */
export interface Writable {
  write(bytes: Uint8Array): Promise<number>;
}

/** Bytes that wait for a reader at the most, beside those that came by {@linkcode Output.pass}. */
export const WAITING_BYTES = 1024 * 1024;

/**
 * While this many bytes wait no more lines of replicas are taken: the rest of the room is for what
 * the balancer itself says, so a flood of a replica displaces none of that.
 */
export const WAITING_REPLICA_BYTES = WAITING_BYTES / 2;

const LINE_END = new Uint8Array([10]);

/** What waits. */
interface Piece {
  readonly bytes: Uint8Array;
  /** Told whether it was written. */
  readonly done?: ((written: boolean) => void) | undefined;
}

/** Writes pieces one after the other, each as a whole. */
export class Output {
  readonly #to: Writable;
  readonly #onLost: (lines: number) => void;
  readonly #pieces: Piece[] = [];
  #waitingBytes = 0;
  /** Lines that were lost and not told of. */
  #untold = 0;
  #lost = 0;
  /** Whether a piece broke off in the middle of a line. */
  #torn = false;
  /** Set while something is being written: resolves when nothing is left. */
  #writing: Promise<void> | undefined;

  /**
   * @param to where bytes go
   * @param onLost told how many lines were lost, as soon as others can be written again
   */
  constructor(to: Writable, onLost: (lines: number) => void) {
    this.#to = to;
    this.#onLost = onLost;
  }

  /** Lines of {@linkcode Output.write} that were lost. */
  get lost(): number {
    return this.#lost;
  }

  /**
   * Writes a line as soon as those before it are written.
   *
   * @param line a whole line
   * @param waitingBytes the line is lost where more bytes than these would wait
   */
  write(line: Uint8Array, waitingBytes: number = WAITING_BYTES): void {
    if (this.#waitingBytes + line.length > waitingBytes) return this.#loseOwn();
    this.#waitingBytes += line.length;
    this.#queue({ bytes: line });
  }

  /**
   * Writes lines of somebody who waits with more until these are written, so that they need no
   * other bound.
   *
   * @returns whether they could be written
   */
  pass(lines: Uint8Array): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#queue({ bytes: lines, done: resolve });
    return promise;
  }

  /** So many lines were lost on the way here: that is to be told, too. */
  miss(lines: number): void {
    this.#untold += lines;
  }

  /**
   * Waits until everything is written.
   *
   * @param ms the longest wait, in milliseconds: nobody may be reading
   */
  async flush(ms: number): Promise<void> {
    if (!this.#writing) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    await Promise.race([this.#writing, promise]);
    clearTimeout(timer);
  }

  #queue(piece: Piece): void {
    this.#pieces.push(piece);
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    for (let piece = this.#pieces.shift(); piece; piece = this.#pieces.shift()) {
      const { bytes, done } = piece;
      const written = await this.#writePiece(bytes);
      if (!done) this.#waitingBytes -= bytes.length;
      if (!done && !written) this.#loseOwn();
      done?.(written);
      if (written) this.#tell();
    }
    this.#writing = undefined;
  }

  /** @returns false where the reader is gone, or the disk is full: the next piece may fare better */
  async #writePiece(bytes: Uint8Array): Promise<boolean> {
    let done = 0;
    try {
      if (this.#torn) await this.#to.write(LINE_END);
      this.#torn = false;
      while (done < bytes.length) done += await this.#to.write(bytes.subarray(done));
      return true;
    } catch {
      // There is nowhere to say so: it is counted, and told when there is.
      this.#torn ||= done > 0;
      return false;
    }
  }

  #loseOwn(): void {
    this.#lost++;
    this.#untold++;
  }

  #tell(): void {
    if (this.#untold === 0) return;
    const lost = this.#untold;
    this.#untold = 0;
    this.#onLost(lost);
  }
}
