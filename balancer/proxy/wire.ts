/**
 * One side of the proxy: a connection with the bytes that were read from it and not used yet.
 *
 * @module
 */
import { type Buffer, type BufferPool, LARGE_BYTES } from "./buffers.ts";

/** Enough for most heads, and little enough to hold ten thousand of them. */
const RESTING_BYTES = 2048;

/** A connection broke, or was closed from here, while it was being used. */
export class Disconnected extends Error {
  override readonly name = "Disconnected";

  constructor(readonly wire: Wire, options?: ErrorOptions) {
    super("the connection ended", options);
  }
}

/**
 * A connection and its window of unread bytes, `bytes[start..end)`.
 *
 * At most one read is under way at any time. Who asks for more bytes while one is gets that one, so
 * a read may be begun early, to notice that the peer went away, and be waited for later.
 */
export class Wire {
  bytes: Buffer;
  start = 0;
  end = 0;
  readonly #connection: Deno.TcpConn;
  readonly #buffers: BufferPool;
  readonly #resting = new Uint8Array(RESTING_BYTES);
  #reading: Promise<boolean> | undefined;
  #closed = false;

  constructor(connection: Deno.TcpConn, buffers: BufferPool) {
    this.#connection = connection;
    this.#buffers = buffers;
    this.bytes = this.#resting;
  }

  /** Bytes that were read and not used yet. */
  get unread(): number {
    return this.end - this.start;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Reads more bytes behind those that are unread.
   *
   * @returns false when the peer has ended its side
   * @throws {Disconnected} when the connection broke or was closed
   */
  fill(): Promise<boolean> {
    return this.#reading ??= this.#read();
  }

  /** Not an async function: this is called for every message, and a callback costs half as much. */
  #read(): Promise<boolean> {
    if (this.start === this.end) this.start = this.end = 0;
    else if (this.end === this.bytes.length) this.makeRoom();
    const free = this.end === 0 ? this.bytes : this.bytes.subarray(this.end);
    return this.#connection.read(free).then(this.#onRead, this.#onBroken);
  }

  readonly #onRead = (count: number | null): boolean => {
    this.#reading = undefined;
    if (count === null) return false;
    this.end += count;
    return true;
  };

  readonly #onBroken = (cause: unknown): never => {
    this.#reading = undefined;
    throw new Disconnected(this, { cause });
  };

  /** Moves what is unread into a large buffer, for a long head or a body. Not while reading. */
  makeRoom(): void {
    if (this.#reading !== undefined) return;
    const from = this.bytes;
    if (from === this.#resting) this.bytes = this.#buffers.take(LARGE_BYTES);
    else if (this.start === 0) return;
    this.bytes.set(from.subarray(this.start, this.end));
    this.end -= this.start;
    this.start = 0;
  }

  /** Gives the large buffer back where nothing is unread and nothing is being read. */
  rest(): void {
    if (this.bytes === this.#resting || this.#reading !== undefined) return;
    if (this.unread > RESTING_BYTES) return;
    const large = this.bytes;
    this.#resting.set(large.subarray(this.start, this.end));
    this.end -= this.start;
    this.start = 0;
    this.bytes = this.#resting;
    this.#buffers.give(large);
  }

  /**
   * Writes all of the bytes; they must not change before this is done.
   *
   * @throws {Disconnected} when the connection broke or was closed
   */
  write(bytes: Uint8Array): Promise<void> {
    return this.#connection.write(bytes).then(
      (count) => count === bytes.length ? undefined : this.#writeRest(bytes, count),
      this.#onWriteBroken,
    );
  }

  async #writeRest(bytes: Uint8Array, written: number): Promise<void> {
    try {
      while (written < bytes.length) {
        written += await this.#connection.write(bytes.subarray(written));
      }
    } catch (cause) {
      throw new Disconnected(this, { cause });
    }
  }

  readonly #onWriteBroken = (cause: unknown): never => {
    throw new Disconnected(this, { cause });
  };

  /** Ends this side; the peer may go on. */
  closeWrite(): Promise<void> {
    return this.#connection.closeWrite().catch(this.#onWriteBroken);
  }

  /** Closes the connection; a read or write under way is rejected. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
  }
}
