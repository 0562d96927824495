/**
 * An in-memory connection of HTTP/1.1 whose other end is a stream of HTTP/2, one stream after the
 * other: so every check of a request and every rule of its forwarding holds for both protocols.
 *
 * @module
 */
import { CANCEL, errorName, INTERNAL_ERROR, NO_ERROR } from "../http2/error_code.ts";
import type { RequestFields } from "../http2/request_fields.ts";
import type { Session } from "../http2/session.ts";
import type { Stream, StreamOwner } from "../http2/stream.ts";
import type { ByteStream } from "../transport/byte_stream.ts";
import type { Socket } from "../transport/socket.ts";
import { StreamInput } from "./stream_input.ts";
import { StreamOutput } from "./stream_output.ts";

/** The side of a connection of HTTP/2 that its channels need. */
export interface ChannelHost {
  readonly session: Session;
  /** The channel has bytes to read: its `deliver` is called at the end of the turn. */
  touched(channel: StreamChannel): void;
  /** Records an error of the balancer itself. */
  failed(error: unknown): void;
}

/** A read under way. */
interface PendingRead {
  readonly into: Uint8Array;
  resolve(count: number): void;
  reject(error: Error): void;
}

/** A write under way. */
interface PendingWrite {
  readonly bytes: Uint8Array;
  at: number;
  resolve(count: number): void;
  reject(error: Error): void;
}

/** One channel. */
export class StreamChannel implements ByteStream, Socket, StreamOwner {
  readonly #host: ChannelHost;
  readonly #input = new StreamInput();
  #stream: Stream | undefined;
  #output: StreamOutput | undefined;
  #read: PendingRead | undefined;
  #write: PendingWrite | undefined;
  /** Why nothing more can be read or written. */
  #broken: Error | undefined;
  /** Whether the pipeline takes no more of the request. */
  #dropping = false;

  /** @param host the connection of HTTP/2 */
  constructor(host: ChannelHost) {
    this.#host = host;
  }

  /** Id of the stream that it carries, or carried last; 0 before the first. */
  get streamId(): number {
    return this.#stream?.id ?? 0;
  }

  /** Whether the channel can carry another stream, as far as it knows. */
  get usable(): boolean {
    return this.#broken === undefined && !this.#dropping;
  }

  /**
   * Carries a stream. The previous one must have ended.
   *
   * @param stream the stream
   * @param fields the request's head
   */
  begin(stream: Stream, fields: RequestFields): void {
    const end = stream.remoteClosed;
    this.#stream = stream;
    this.#output = new StreamOutput(this.#host.session, stream, fields.isHead ? "HEAD" : "GET");
    // A head that is too large has no end: nothing can follow it.
    this.#dropping = fields.tooLarge;
    this.#input.begin(fields.head(end), !end && fields.contentLength < 0);
    this.#host.touched(this);
  }

  onBody(bytes: Uint8Array, start: number, end: number): void {
    if (this.#dropping || this.#broken) {
      return this.#host.session.consume(this.#stream!, end - start);
    }
    this.#input.add(bytes, start, end);
    this.#host.touched(this);
  }

  onRequestEnd(trailers: Uint8Array | undefined): void {
    this.#input.finish(trailers);
    this.#host.touched(this);
  }

  onReset(code: number): void {
    this.#break(new Error(`the stream was reset: ${errorName(code)}`));
  }

  onWindow(): void {
    const write = this.#write;
    if (!write) return;
    if (!this.#send(write)) return;
    this.#write = undefined;
    write.resolve(write.bytes.length);
  }

  /** Delivers bytes that arrived to the reader that waits for them. */
  deliver(): void {
    const read = this.#read;
    if (!read || !this.#input.readable) return;
    this.#read = undefined;
    read.resolve(this.#take(read.into));
  }

  #take(into: Uint8Array): number {
    return this.#input.read(into, (bytes) => this.#host.session.consume(this.#stream!, bytes));
  }

  read(into: Uint8Array): Promise<number> {
    if (this.#broken) return Promise.reject(this.#broken);
    if (this.#input.readable) return Promise.resolve(this.#take(into));
    if (this.#dropping) return Promise.resolve(0);
    return new Promise((resolve, reject) => {
      this.#read = { into, resolve, reject };
    });
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#broken) return Promise.reject(this.#broken);
    return new Promise((resolve, reject) => {
      const write = { bytes, at: 0, resolve, reject };
      if (this.#send(write)) resolve(bytes.length);
      else if (this.#broken) reject(this.#broken);
      else this.#write = write;
    });
  }

  /** @returns whether all bytes were sent */
  #send(write: PendingWrite): boolean {
    if (write.bytes.length === 0) return true;
    try {
      if (!this.#output) throw new Error("a response without a request");
      write.at = this.#output.send(write.bytes, write.at);
    } catch (error) {
      this.#host.failed(error);
      this.close();
      return false;
    }
    return write.at === write.bytes.length;
  }

  /** The response is over: further bytes of the request are dropped. */
  closeWrite(): Promise<void> {
    this.#dropping = true;
    this.#input.clear();
    if (this.#stream) this.#host.session.reset(this.#stream, this.#code);
    const read = this.#read;
    this.#read = undefined;
    read?.resolve(0);
    return Promise.resolve();
  }

  close(): void {
    if (this.#stream) this.#host.session.reset(this.#stream, this.#code);
    this.#break(new Error("the stream is closed"));
  }

  /** RFC 9113, 8.1: NO_ERROR after a whole response; a part of one must not look whole. */
  get #code(): number {
    if (this.#output?.done) return NO_ERROR;
    return this.#stream?.responding ? INTERNAL_ERROR : CANCEL;
  }

  #break(error: Error): void {
    if (this.#broken) return;
    this.#broken = error;
    this.#input.clear();
    const [read, write] = [this.#read, this.#write];
    this.#read = this.#write = undefined;
    read?.reject(error);
    write?.reject(error);
  }
}
