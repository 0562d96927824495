/**
 * Standard output for all logs. Writes are asynchronous, so that a slow or stopped reader blocks
 * nothing. The queue is bounded; lines beyond its limit are dropped and counted.
 *
 * @module
 */

/** The destination of bytes: standard output, or its stand-in in tests. */
export interface Writable {
  write(bytes: Uint8Array): Promise<number>;
}

/** Limit on queued bytes, besides those of {@linkcode Output.pass}. */
export const WAITING_BYTES = 1024 * 1024;

/**
 * Limit on queued bytes for replicas' lines. The rest of the queue is reserved for the balancer's
 * own log, so that a flood from a replica displaces none of it.
 */
export const WAITING_REPLICA_BYTES = WAITING_BYTES / 2;

const LINE_END = new Uint8Array([10]);

/** A queued piece. */
interface Piece {
  readonly bytes: Uint8Array;
  /** Called with whether the piece was written. */
  readonly done?: ((written: boolean) => void) | undefined;
}

/** Writes pieces one after the other, each as a whole. */
export class Output {
  readonly #to: Writable;
  readonly #onLost: (lines: number) => void;
  readonly #pieces: Piece[] = [];
  #waitingBytes = 0;
  /** Lost lines that were not reported yet. */
  #unreported = 0;
  #lost = 0;
  /** Whether the last piece broke off in the middle of a line. */
  #torn = false;
  /** Set while pieces are being written; resolves when the queue is empty. */
  #writing: Promise<void> | undefined;

  /**
   * @param to the destination
   * @param onLost called with the number of lost lines as soon as lines can be written again
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
   * Queues a line.
   *
   * @param line a whole line
   * @param waitingBytes the line is dropped if the queue would exceed this many bytes
   */
  write(line: Uint8Array, waitingBytes: number = WAITING_BYTES): void {
    if (this.#waitingBytes + line.length > waitingBytes) return this.#loseOwn();
    this.#waitingBytes += line.length;
    this.#queue({ bytes: line });
  }

  /**
   * Writes lines of a producer that waits for each piece before the next one, and so needs no other
   * bound.
   *
   * @returns whether the lines were written
   */
  pass(lines: Uint8Array): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#queue({ bytes: lines, done: resolve });
    return promise;
  }

  /** Adds lines that were lost before they got here, so that they are reported too. */
  miss(lines: number): void {
    this.#unreported += lines;
  }

  /**
   * Waits until everything is written.
   *
   * @param ms longest wait, in milliseconds, in case the reader has stopped
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
      if (written) this.#reportLost();
    }
    this.#writing = undefined;
  }

  /** @returns false if the reader is gone or the disk is full; the next piece may succeed */
  async #writePiece(bytes: Uint8Array): Promise<boolean> {
    let done = 0;
    try {
      if (this.#torn) await this.#to.write(LINE_END);
      this.#torn = false;
      while (done < bytes.length) done += await this.#to.write(bytes.subarray(done));
      return true;
    } catch {
      // The output is broken: the loss is counted, and reported when writing works again.
      this.#torn ||= done > 0;
      return false;
    }
  }

  #loseOwn(): void {
    this.#lost++;
    this.#unreported++;
  }

  #reportLost(): void {
    if (this.#unreported === 0) return;
    const lost = this.#unreported;
    this.#unreported = 0;
    this.#onLost(lost);
  }
}
