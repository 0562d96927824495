/**
 * One side of the proxy: a connection with the bytes that were read from it and not used yet.
 *
 * @module
 */
import {
  type Buffer,
  type BufferPool,
  FIRST_BYTES,
  LARGE_BYTES,
  RESTING_BYTES,
} from "./buffers.ts";
import type { ByteStream } from "./byte_stream.ts";
import { type Socket, socketOf } from "./socket.ts";
import { IO_BATCHES, type Side, type Staged } from "./io_batches.ts";

/** After so many reads a connection is one that is used much. */
const SETTLING_READS = 16;

const NOTHING = new Uint8Array(0);

/** A connection broke, or was closed from here, while it was being used. */
export class Disconnected extends Error {
  override readonly name = "Disconnected";

  constructor(readonly wire: Connection, options?: ErrorOptions) {
    super("the connection ended", options);
  }
}

/** Two owners wanted to read one connection: a bug of this program, never of a peer. */
export class ReaderConflict extends Error {
  override readonly name = "ReaderConflict";
}

/**
 * The right to wait for bytes of a connection and to take them. {@linkcode Connection.reader} hands out
 * one at a time; its holder gives it back by disposing of it.
 */
export class Reader implements Disposable {
  /** @param wire the connection that it reads */
  constructor(readonly wire: Connection) {}

  /**
   * Reads more bytes behind those that are unread.
   *
   * @returns false when the peer has ended its side
   * @throws {Disconnected} when the connection broke or was closed
   * @throws {ReaderConflict} when it was given back, or its last read is not over
   */
  read(): Promise<boolean> {
    return this.wire.read(this);
  }

  /** Ends a wait of its holder by an error. The read under way goes on; no byte is lost. */
  interrupt(reason: Error): void {
    this.wire.interrupt(this, reason);
  }

  [Symbol.dispose](): void {
    this.wire.release(this);
  }
}

/** Counts what goes over a connection. */
export interface Traffic {
  received(bytes: number): void;
  sent(bytes: number): void;
}

/** Is told what becomes of reads and writes, without a promise for each. Must not throw. */
export interface ConnectionListener {
  /** A read is over, before those hear of it who wait for it: `more` is false at the peer's end. */
  onData(more: boolean): void;
  /** A read found the connection broken, or closed from here. */
  onBreak(): void;
  /** All of what {@linkcode Connection.send} was given is written. */
  onWritten(): void;
  /** It could not be written. */
  onWriteError(error: Disconnected): void;
}

/**
 * A connection and its window of unread bytes, `bytes[start..end)`.
 *
 * At most one read is under way at any time. It may be begun early, by {@linkcode Connection.startRead}, to
 * notice that the peer went away, and be waited for later. Bytes are taken by one owner at a time:
 * by the watcher while no {@linkcode Reader} is held, or else by the holder of that.
 */
export class Connection implements Staged {
  bytes: Buffer;
  start = 0;
  end = 0;
  watcher: ConnectionListener | undefined;
  readonly #connection: ByteStream;
  readonly #socket: Socket;
  readonly #buffers: BufferPool;
  readonly #side: Side;
  readonly #traffic: Traffic | undefined;
  #resting: Buffer;
  #readsToSettle = SETTLING_READS;
  /** Set until what was read is handed on. */
  #reading = false;
  /** How much that is. */
  #count = 0;
  /** Made only where the reader waits for the read under way. */
  #awaited: PromiseWithResolvers<boolean> | undefined;
  #reader: Reader | undefined;
  /** Why the last read failed: the next one must not wait for what cannot come. */
  #failure: Disconnected | undefined;
  /** What is being sent, and how much of it. */
  #sending: Buffer | undefined;
  #sendingLength = 0;
  /** Made for the first write: many clients connect and send nothing. */
  #onSent: ((count: number) => void) | undefined;
  #onUnsent: ((cause: unknown) => void) | undefined;
  #closed = false;

  /**
   * @param connection the connection
   * @param buffers lend it memory for what does not fit
   * @param side who is at the other end
   * @param traffic counts its bytes, where somebody wants to know
   * @param socket reads and writes of the connection
   */
  constructor(
    connection: ByteStream,
    buffers: BufferPool,
    side: Side,
    traffic?: Traffic,
    socket: Socket = socketOf(connection),
  ) {
    this.#connection = connection;
    this.#socket = socket;
    this.#buffers = buffers;
    this.#side = side;
    this.#traffic = traffic;
    this.bytes = this.#resting = new Uint8Array(side === "client" ? FIRST_BYTES : RESTING_BYTES);
  }

  /** Takes bytes that were read before the connection came here, {@linkcode RESTING_BYTES} at the most. */
  prepend(bytes: Uint8Array): void {
    if (bytes.length > this.bytes.length) this.#makeSome();
    this.bytes.set(bytes);
    this.end = bytes.length;
    this.#traffic?.received(bytes.length);
  }

  /** Bytes that were read and not used yet. */
  get unread(): number {
    return this.end - this.start;
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
   * @throws {ReaderConflict} another owner has it
   */
  reader(): Reader {
    if (this.#reader) throw new ReaderConflict("the connection has a reader already");
    return this.#reader = new Reader(this);
  }

  /** Gives the right to read back; without effect for a reader that is not the present one. */
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
   * Begins a read in this turn where none is under way; the watcher hears of it. No promise is kept,
   * nor made by an async function: this happens for every message.
   */
  startRead(): void {
    if (this.#reading || this.#failure) return;
    if (this.start === this.end) this.#startOver();
    else if (this.end === this.bytes.length) this.#makeSome();
    this.#reading = true;
    IO_BATCHES.read(this);
  }

  /** Nothing is unread. */
  #startOver(): void {
    this.start = this.end = 0;
    if (this.#readsToSettle === 0 || --this.#readsToSettle > 0) return;
    // Whatever is still being written from the memory so far goes on undisturbed.
    const settled = this.#buffers.settle();
    if (this.bytes === this.#resting) this.bytes = settled;
    this.#resting = settled;
  }

  beginRead(): void {
    const free = this.end === 0 ? this.bytes : this.bytes.subarray(this.end);
    this.#socket.read(free).then(this.#onRead, this.#onBroken);
  }

  readonly #onRead = (count: number): void => {
    this.#count = count;
    IO_BATCHES.filled(this, this.#side);
  };

  deliver(): void {
    const count = this.#count;
    const awaited = this.#awaited;
    this.#reading = false;
    this.#awaited = undefined;
    this.end += count;
    this.#traffic?.received(count);
    // Nothing is the end, unless there was no room for anything.
    const more = count > 0 || this.end === this.bytes.length;
    this.watcher?.onData(more);
    awaited?.resolve(more);
  }

  readonly #onBroken = (cause: unknown): void => {
    const awaited = this.#awaited;
    this.#reading = false;
    this.#awaited = undefined;
    this.#failure = new Disconnected(this, { cause });
    this.watcher?.onBreak();
    awaited?.reject(this.#failure);
  };

  /** A buffer of the second size for good; what is unread moves when the bytes do. */
  #grow(): void {
    this.#resting = new Uint8Array(RESTING_BYTES);
  }

  /** A head is longer than a program's usually is: the next one will be, too. */
  #makeSome(): void {
    if (this.bytes.length >= RESTING_BYTES) return this.makeRoom();
    this.#grow();
    this.#move(this.#resting);
  }

  /** Moves what is unread into a large buffer, for a long head or a body. Not while reading. */
  makeRoom(): void {
    if (this.#reading) return;
    if (this.bytes === this.#resting) this.#move(this.#buffers.take(LARGE_BYTES));
    else if (this.start > 0) this.#move(this.bytes);
  }

  #move(to: Buffer): void {
    to.set(this.bytes.subarray(this.start, this.end));
    this.bytes = to;
    this.end -= this.start;
    this.start = 0;
  }

  /** Gives the large buffer back where nothing is unread and nothing is being read. */
  shrinkBuffer(): void {
    if (this.bytes === this.#resting || this.#reading) return;
    if (this.unread > RESTING_BYTES) return;
    if (this.unread > this.#resting.length) this.#grow();
    const large = this.bytes;
    this.#move(this.#resting);
    this.#buffers.give(large);
  }

  /**
   * Writes all of the bytes; they must not change before this is done.
   *
   * @throws {Disconnected} when the connection broke or was closed
   */
  write(bytes: Uint8Array): Promise<void> {
    IO_BATCHES.wrote();
    return this.#socket.write(bytes).then(
      (count) => {
        this.#traffic?.sent(count);
        return count === bytes.length ? undefined : this.#writeRest(bytes, count);
      },
      (cause: unknown) => this.#writeBroken(cause),
    );
  }

  /**
   * Writes the beginning of a buffer in this turn and tells the watcher; it must not change before
   * that, and nothing else be written.
   */
  send(buffer: Buffer, length: number): void {
    this.#sending = buffer;
    this.#sendingLength = length;
    this.#onSent ??= (count) => this.#sent(count);
    this.#onUnsent ??= (cause) => this.#unsent(cause);
    IO_BATCHES.send(this);
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
   * Whether bytes can still be written, as far as the kernel knows: it is asked to send none.
   *
   * @returns false when the connection was reset, or closed from here; never rejects
   */
  probe(): Promise<boolean> {
    return this.#socket.write(NOTHING).then(() => true, () => false);
  }

  /** Ends this side; the peer may go on. */
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
