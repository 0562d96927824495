/**
 * The responses of HTTP/1.1 that the pipeline writes, as frames of a stream.
 *
 * @module
 */
import { ChunkScanner } from "../http1/chunked.ts";
import { CleanCopy } from "../http1/clean_copy.ts";
import { HeadScanner } from "../http1/head_scanner.ts";
import { ResponseHead } from "../http1/response_head.ts";
import { sendHead, sendTrailers } from "../http2/response_fields.ts";
import type { Session } from "../http2/session.ts";
import type { Stream } from "../http2/stream.ts";

/** More than any head has: the limits of heads were applied before. */
const MAX_FIELDS = 4000;

const HEAD = new ResponseHead();
const HEAD_END = new HeadScanner();

/** The expected next part. */
type Part = "head" | "length" | "chunks" | "end";

/** Sends one response, within the windows; every head is written in one piece. */
export class StreamOutput {
  readonly #session: Session;
  readonly #stream: Stream;
  readonly #method: string;
  #part: Part = "head";
  /** Bytes of the body that are missing. */
  #remaining = 0;
  /** Created for the first body in chunks; it keeps the trailer section back. */
  #chunks: ChunkScanner | undefined;
  #copy: CleanCopy | undefined;
  /** The piece of the present write that is sent next. */
  #span = 0;
  #spanAt = 0;
  #scanned = false;

  /**
   * @param session the connection
   * @param stream the stream
   * @param method method of the request: HEAD, or any other
   */
  constructor(session: Session, stream: Stream, method: string) {
    this.#session = session;
    this.#stream = stream;
    this.#method = method;
  }

  /** Whether the whole response was sent. */
  get done(): boolean {
    return this.#part === "end";
  }

  /**
   * Sends written bytes as far as the windows allow.
   *
   * @param bytes the bytes of one write
   * @param at index of the first byte that was not sent yet
   * @returns index after the last byte sent; the stream's owner is called for the rest
   * @throws {Error} the bytes are no response of HTTP/1.1
   */
  send(bytes: Uint8Array, at: number): number {
    let sent = at;
    while (sent < bytes.length) {
      if (this.#part === "head") sent = this.#head(bytes, sent);
      else if (this.#part === "end") throw new Error("bytes behind the end of a response");
      else {
        const next = this.#part === "length" ? this.#body(bytes, sent) : this.#chunked(bytes, sent);
        if (next === sent) return sent;
        sent = next;
      }
    }
    return sent;
  }

  #head(bytes: Uint8Array, start: number): number {
    HEAD_END.reset();
    const end = HEAD_END.scan(bytes, start, bytes.length);
    if (end < 0) throw new Error("the head of a response is not whole");
    const fault = HEAD.parse(bytes, start, end, MAX_FIELDS);
    if (fault) throw new Error(`the head of a response is malformed: ${fault.reason}`);
    const last = this.#decide();
    sendHead(this.#session, this.#stream, bytes, HEAD, last);
    return end;
  }

  /** @returns whether no body follows */
  #decide(): boolean {
    // An interim response comes before the final one.
    if (HEAD.status < 200) return false;
    const bodyless = HEAD.bodyless(this.#method) || HEAD.contentLength === 0;
    if (bodyless) this.#part = "end";
    else if (HEAD.chunked) {
      this.#part = "chunks";
      this.#copy = new CleanCopy();
      this.#chunks = new ChunkScanner(this.#copy);
    } else {
      this.#part = "length";
      this.#remaining = HEAD.contentLength;
      if (this.#remaining < 0) throw new Error("a response has no framing");
    }
    return bodyless;
  }

  #body(bytes: Uint8Array, start: number): number {
    const end = Math.min(bytes.length, start + this.#remaining);
    const last = end - start === this.#remaining;
    const count = this.#session.queue.send(this.#stream, bytes, start, end, last);
    this.#remaining -= count;
    if (this.#remaining === 0) this.#part = "end";
    return start + count;
  }

  /** @returns the end of the bytes once all their data is sent, or else `start` */
  #chunked(bytes: Uint8Array, start: number): number {
    const chunks = this.#chunks!;
    if (!this.#scanned) {
      if (chunks.scan(bytes, start, bytes.length) !== bytes.length) {
        throw new Error("the chunks of a response are malformed");
      }
      this.#scanned = true;
      this.#span = 0;
      this.#spanAt = chunks.spans[0]!;
    }
    if (!this.#sendSpans(bytes, chunks)) return start;
    this.#scanned = false;
    if (chunks.done) this.#end();
    return bytes.length;
  }

  /** @returns whether all data was sent */
  #sendSpans(bytes: Uint8Array, { spans, spanCount }: ChunkScanner): boolean {
    const { queue } = this.#session;
    while (this.#span < spanCount) {
      const end = spans[2 * this.#span + 1]!;
      this.#spanAt += queue.send(this.#stream, bytes, this.#spanAt, end, false);
      if (this.#spanAt < end) return false;
      this.#spanAt = spans[2 * ++this.#span]!;
    }
    return true;
  }

  #end(): void {
    this.#part = "end";
    const { tail } = this.#copy!;
    if (tail.length > 0 && sendTrailers(this.#session, this.#stream, tail)) return;
    this.#session.queue.send(this.#stream, tail, 0, 0, true);
  }
}
