/**
 * Byte streams between two threads, as messages: they carry calls of the control API from a worker
 * to the main thread. They need no file descriptor, and no port that another user of the machine
 * could open.
 *
 * @module
 */
import type { ByteStream } from "./byte_stream.ts";

/** Bytes that one end may send before the other has read any of them. */
const WINDOW_BYTES = 64 * 1024;

/** An end grants its peer more room as soon as it has read this many bytes. */
const GRANT_BYTES = WINDOW_BYTES / 2;

/** One message of a stream. */
export type StreamFrame =
  | { readonly kind: "open" }
  | { readonly kind: "data"; readonly bytes: Uint8Array<ArrayBuffer> }
  /** The sender has read this many bytes: its peer may send as many more. */
  | { readonly kind: "grant"; readonly bytes: number }
  /** The sender sends no more. */
  | { readonly kind: "end" }
  /** The sender sends no more and reads no more. */
  | { readonly kind: "close" };

/** Sends a frame of a stream to the other thread. */
type SendFrame = (stream: number, frame: StreamFrame) => void;

/** One end of a stream. */
export class ChannelStream implements ByteStream {
  readonly #send: (frame: StreamFrame) => void;
  readonly #onClose: () => void;
  readonly #received: Uint8Array[] = [];
  /** Bytes that may be sent. */
  #credit = WINDOW_BYTES;
  /** Bytes that were read since the last grant. */
  #read = 0;
  #closed = false;
  #peerEnded = false;
  #peerClosed = false;
  #wakeReader = () => {};
  #wakeWriter = () => {};

  /**
   * @param send sends a frame to the other end
   * @param onClose called once this end is closed
   */
  constructor(send: (frame: StreamFrame) => void, onClose: () => void) {
    this.#send = send;
    this.#onClose = onClose;
  }

  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      if (this.#closed) throw new Deno.errors.BadResource("the stream was closed");
      if (this.#received.length > 0) return this.#take(into);
      if (this.#peerEnded) return null;
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (bytes.length === 0) return 0;
    for (;;) {
      if (this.#closed) throw new Deno.errors.BadResource("the stream was closed");
      if (this.#peerClosed) throw new Deno.errors.BrokenPipe("the other end closed the stream");
      if (this.#credit > 0) break;
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
    const count = Math.min(this.#credit, bytes.length);
    this.#credit -= count;
    this.#send({ kind: "data", bytes: bytes.slice(0, count) });
    return count;
  }

  closeWrite(): Promise<void> {
    if (!this.#closed) this.#send({ kind: "end" });
    return Promise.resolve();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#received.length = 0;
    this.#send({ kind: "close" });
    this.#wake();
    this.#onClose();
  }

  /** Takes a frame from the other end. */
  receive(frame: StreamFrame): void {
    switch (frame.kind) {
      case "open":
        return;
      case "data":
        this.#received.push(frame.bytes);
        break;
      case "grant":
        this.#credit += frame.bytes;
        break;
      case "end":
        this.#peerEnded = true;
        break;
      case "close":
        this.#peerEnded = this.#peerClosed = true;
    }
    this.#wake();
  }

  #take(into: Uint8Array): number {
    const first = this.#received[0]!;
    const count = Math.min(first.length, into.length);
    into.set(first.subarray(0, count));
    if (count === first.length) this.#received.shift();
    else this.#received[0] = first.subarray(count);
    this.#read += count;
    if (this.#read >= GRANT_BYTES) {
      this.#send({ kind: "grant", bytes: this.#read });
      this.#read = 0;
    }
    return count;
  }

  #wake(): void {
    this.#wakeReader();
    this.#wakeWriter();
  }
}

/** The streams between this thread and one other. */
export class ChannelStreams {
  readonly #send: SendFrame;
  readonly #onOpen: (stream: ChannelStream) => void;
  readonly #streams = new Map<number, ChannelStream>();
  /** Streams opened here that the other thread has not closed yet. */
  readonly #unclosed = new Set<number>();
  #opened = 0;

  /**
   * @param send sends a frame to the other thread
   * @param onOpen takes a stream that the other thread opened; only one of the threads assigns ids
   */
  constructor(send: SendFrame, onOpen: (stream: ChannelStream) => void = () => {}) {
    this.#send = send;
    this.#onOpen = onOpen;
  }

  /**
   * Number of streams opened here that keep the other thread busy: a stream counts until that
   * thread has closed it, even if it was closed here long before.
   */
  get count(): number {
    return this.#unclosed.size;
  }

  /** Opens a stream to the other thread. */
  open(): ChannelStream {
    const stream = this.#add(++this.#opened);
    this.#unclosed.add(this.#opened);
    this.#send(this.#opened, { kind: "open" });
    return stream;
  }

  /** Takes a frame from the other thread; one for a stream that is closed here is dropped. */
  receive(id: number, frame: StreamFrame): void {
    if (frame.kind === "close") this.#unclosed.delete(id);
    if (frame.kind === "open") this.#onOpen(this.#add(id));
    else this.#streams.get(id)?.receive(frame);
  }

  /** The other thread has ended, with all of its streams. */
  end(): void {
    for (const stream of this.#streams.values()) stream.receive({ kind: "close" });
  }

  #add(id: number): ChannelStream {
    const stream = new ChannelStream(
      (frame) => this.#send(id, frame),
      () => this.#streams.delete(id),
    );
    this.#streams.set(id, stream);
    return stream;
  }
}

/**
 * Returns the objects of a frame that are transferred instead of copied.
 *
 * @param frame the frame that is sent
 */
export function transferOf(frame: StreamFrame): Transferable[] {
  return frame.kind === "data" ? [frame.bytes.buffer] : [];
}
