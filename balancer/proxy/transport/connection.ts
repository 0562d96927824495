/**
 * One side of the proxy: a connection, with its received bytes that are not used yet.
 *
 * @module
 */
import { type Buffer, type BufferPool, FIRST_BYTES, RESTING_BYTES } from "./buffers.ts";
import type { ByteStream } from "./byte_stream.ts";
import type { ConnectionListener, Traffic } from "./connection_events.ts";
import { Disconnected, Reader, ReaderConflict } from "./connection_reader.ts";
import { ReceiveWindow } from "./receive_window.ts";
import { type Socket, socketOf } from "./socket.ts";
import { type Batches, IO_BATCHES, type Side, type Staged } from "./io_batches.ts";

const NOTHING = new Uint8Array(0);

/**
 * A connection and its window of unread bytes, `bytes[start..end)`.
 *
 * At most one read is under way at any time. A read may be started early, by {@linkcode
 * Connection.startRead}, to notice that the peer left, and awaited later. Bytes have one owner at a
 * time: the holder of the {@linkcode Reader} or, while none is held, the listener.
 */
export class Connection extends ReceiveWindow implements Staged {
  watcher: ConnectionListener | undefined;
  readonly #connection: ByteStream;
  readonly #socket: Socket;
  readonly #side: Side;
  readonly #batches: Batches;
  readonly #traffic: Traffic | undefined;
  /** Number of received bytes. */
  #count = 0;
  /** Created only when the reader waits for the read under way. */
  #awaited: PromiseWithResolvers<boolean> | undefined;
  #reader: Reader | undefined;
  /** Why the last read failed: the next read must not wait for bytes that cannot come. */
  #failure: Disconnected | undefined;
  /** The buffer that is being sent, and the length of its content. */
  #sending: Buffer | undefined;
  #sendingLength = 0;
  /** Created for the first write: many clients connect and send nothing. */
  #onSent: ((count: number) => void) | undefined;
  #onUnsent: ((cause: unknown) => void) | undefined;
  #closed = false;

  /**
   * @param connection the connection
   * @param buffers lends larger buffers
   * @param side the peer: client or replica
   * @param traffic counts the bytes, if they are counted
   * @param socket reads and writes of the connection
   * @param batches gives turns for reads and writes
   */
  constructor(
    connection: ByteStream,
    buffers: BufferPool,
    side: Side,
    traffic?: Traffic,
    socket: Socket = socketOf(connection),
    batches: Batches = IO_BATCHES,
  ) {
    super(buffers, side === "client" ? FIRST_BYTES : RESTING_BYTES);
    this.#connection = connection;
    this.#socket = socket;
    this.#side = side;
    this.#batches = batches;
    this.#traffic = traffic;
  }

  /**
   * Takes bytes that were received before the connection came here, at most {@linkcode
   * RESTING_BYTES}.
   */
  prepend(bytes: Uint8Array): void {
    if (bytes.length > this.bytes.length) this.enlarge();
    this.bytes.set(bytes);
    this.end = bytes.length;
    this.#traffic?.received(bytes.length);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether a reader is held. */
  get hasReader(): boolean {
    return this.#reader !== undefined;
  }

  /**
   * Takes the right to read.
   *
   * @throws {ReaderConflict} another owner has the right
   */
  reader(): Reader {
    if (this.#reader) throw new ReaderConflict("the connection has a reader already");
    return this.#reader = new Reader(this);
  }

  /** Returns the right to read; no effect for a reader that is not the current one. */
  release(reader: Reader): void {
    if (this.#reader !== reader) return;
    if (this.#awaited) this.interrupt(reader, new ReaderConflict("given back while it waits"));
    this.#reader = undefined;
  }

  /** See {@linkcode Reader.interrupt}. */
  interrupt(reader: Reader, reason: Error): void {
    if (this.#reader !== reader) return;
    const awaited = this.#awaited;
    this.#awaited = undefined;
    awaited?.reject(reason);
  }

  /** See {@linkcode Reader.read}. */
  read(reader: Reader): Promise<boolean> {
    if (this.#reader !== reader || this.#awaited) {
      return Promise.reject(new ReaderConflict("a read by one that may not read now"));
    }
    if (this.#failure) return Promise.reject(this.#failure);
    this.startRead();
    return (this.#awaited = Promise.withResolvers()).promise;
  }

  /**
   * Starts a read in this turn unless one is under way; the listener receives its result. No
   * promise is kept or created, since this happens for every message.
   */
  startRead(): void {
    if (this.reading || this.#failure) return;
    if (this.start === this.end) this.startOver();
    else if (this.end === this.bytes.length) this.enlarge();
    this.reading = true;
    this.#batches.read(this);
  }

  beginRead(): void {
    const free = this.end === 0 ? this.bytes : this.bytes.subarray(this.end);
    this.#socket.read(free).then(this.#onRead, this.#onBroken);
  }

  readonly #onRead = (count: number): void => {
    this.#count = count;
    this.#batches.filled(this, this.#side);
  };

  deliver(): void {
    const count = this.#count;
    const awaited = this.#awaited;
    this.reading = false;
    this.#awaited = undefined;
    this.end += count;
    this.#traffic?.received(count);
    // Zero bytes are the peer's end, unless the buffer had no room.
    const more = count > 0 || this.end === this.bytes.length;
    this.watcher?.onData(more);
    awaited?.resolve(more);
  }

  readonly #onBroken = (cause: unknown): void => {
    const awaited = this.#awaited;
    this.reading = false;
    this.#awaited = undefined;
    this.#failure = new Disconnected(this, { cause });
    this.watcher?.onBreak();
    awaited?.reject(this.#failure);
  };

  /**
   * Writes all of the bytes; they must not change before the write ends.
   *
   * @throws {Disconnected} the connection broke or was closed
   */
  write(bytes: Uint8Array): Promise<void> {
    this.#batches.wrote();
    return this.#socket.write(bytes).then(
      (count) => {
        this.#traffic?.sent(count);
        return count === bytes.length ? undefined : this.#writeRest(bytes, count);
      },
      (cause: unknown) => this.#writeBroken(cause),
    );
  }

  /**
   * Writes the beginning of a buffer in this turn and notifies the listener. Until then the buffer
   * must not change, and no other write may start.
   */
  send(buffer: Buffer, length: number): void {
    this.#sending = buffer;
    this.#sendingLength = length;
    this.#onSent ??= (count) => this.#sent(count);
    this.#onUnsent ??= (cause) => this.#unsent(cause);
    this.#batches.send(this);
  }

  beginSend(): void {
    const bytes = this.#sending!.subarray(0, this.#sendingLength);
    this.#socket.write(bytes).then(this.#onSent, this.#onUnsent);
  }

  #sent(count: number): void {
    const bytes = this.#sending!;
    const length = this.#sendingLength;
    this.#sending = undefined;
    this.#traffic?.sent(count);
    if (count === length) return this.watcher?.onWritten();
    const rest = this.#writeRest(bytes.subarray(0, length), count);
    rest.then(() => this.watcher?.onWritten(), this.#onUnsent);
  }

  #unsent(cause: unknown): void {
    this.#sending = undefined;
    this.watcher?.onWriteError(
      cause instanceof Disconnected ? cause : new Disconnected(this, { cause }),
    );
  }

  async #writeRest(bytes: Uint8Array, written: number): Promise<void> {
    try {
      while (written < bytes.length) {
        const count = await this.#socket.write(bytes.subarray(written));
        this.#traffic?.sent(count);
        written += count;
      }
    } catch (cause) {
      throw new Disconnected(this, { cause });
    }
  }

  #writeBroken(cause: unknown): never {
    throw new Disconnected(this, { cause });
  }

  /**
   * Whether bytes can still be written, as far as the kernel knows; tested with an empty send.
   *
   * @returns false if the connection was reset, or closed locally; never rejects
   */
  probe(): Promise<boolean> {
    return this.#socket.write(NOTHING).then(() => true, () => false);
  }

  /** Ends this side; the peer may still send. */
  closeWrite(): Promise<void> {
    return this.#connection.closeWrite().catch((cause) => this.#writeBroken(cause));
  }

  /** Closes the connection; a read or write under way is rejected. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
  }
}
