/**
 * The body of a request to the API, read from its connection as the handler asks for it.
 *
 * @module
 */
import { ChunkScanner } from "../../proxy/http1/chunked.ts";
import { FAULTS } from "../../proxy/http1/fault.ts";
import type { RequestHead } from "../../proxy/http1/request_head.ts";
import { ascii } from "../../proxy/http1/writer.ts";
import { RefusedError } from "../../proxy/request/body.ts";
import type { Connection } from "../../proxy/transport/connection.ts";
import { Disconnected } from "../../proxy/transport/connection_reader.ts";

const CONTINUE = ascii("HTTP/1.1 100 Continue\r\n\r\n");

/** Waits for more of a body, with a deadline. @returns false at the client's end */
type FillBody = () => Promise<boolean>;

/** A body in either framing (RFC 9112, section 6). */
export class IncomingBody {
  readonly #transport: Connection;
  readonly #fill: FillBody;
  readonly #chunks: ChunkScanner | undefined;
  #remaining: number;
  /**
   * Whether the client waits for 100 (Continue) before it sends the body (RFC 9110, section
   * 10.1.1).
   */
  #awaited: boolean;
  #reading = false;

  /**
   * @param transport the connection, whose unread bytes begin with the body
   * @param head the request's head
   * @param fill waits for more bytes
   */
  constructor(transport: Connection, head: RequestHead, fill: FillBody) {
    this.#transport = transport;
    this.#fill = fill;
    this.#chunks = head.chunked ? new ChunkScanner() : undefined;
    this.#remaining = Math.max(head.contentLength, 0);
    this.#awaited = head.expectContinue;
  }

  /** Whether the whole body was read from the connection. */
  get complete(): boolean {
    return this.#chunks ? this.#chunks.done : this.#remaining === 0;
  }

  /** The body as a stream that reads on demand; undefined if there is none. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>> | undefined {
    if (this.complete) return undefined;
    return new ReadableStream({
      pull: async (controller) => {
        const bytes = await this.#next();
        if (bytes) controller.enqueue(bytes);
        else controller.close();
      },
    }, { highWaterMark: 0 });
  }

  /** Skips the part of the body that has arrived. @returns whether that was the rest of the body */
  discard(): boolean {
    while (!this.complete && !this.#reading && this.#transport.unread > 0) this.#take();
    return this.complete && !this.#reading;
  }

  /** @returns undefined at the end of the body */
  async #next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#reading = true;
    try {
      while (!this.complete) {
        const bytes = this.#transport.unread > 0 ? this.#take() : await this.#more();
        if (bytes && bytes.length > 0) return bytes;
      }
      return undefined;
    } finally {
      this.#reading = false;
    }
  }

  async #more(): Promise<undefined> {
    if (this.#awaited) {
      this.#awaited = false;
      await this.#transport.write(CONTINUE);
    }
    if (!await this.#fill()) throw new Disconnected(this.#transport);
  }

  /** Takes the bytes of the body that have arrived. @returns a copy of the data among them */
  #take(): Uint8Array<ArrayBuffer> {
    const { bytes, start, end } = this.#transport;
    this.#awaited = false;
    if (this.#chunks) return this.#takeChunks(this.#chunks);
    const count = Math.min(end - start, this.#remaining);
    this.#remaining -= count;
    this.#transport.start += count;
    return bytes.slice(start, start + count);
  }

  #takeChunks(chunks: ChunkScanner): Uint8Array<ArrayBuffer> {
    const { bytes, start, end } = this.#transport;
    const before = chunks.dataBytes;
    const taken = chunks.scan(bytes, start, end);
    if (taken < 0) throw new RefusedError(FAULTS.chunked);
    const data = new Uint8Array(chunks.dataBytes - before);
    for (let at = 0, span = 0; span < chunks.spanCount; span++) {
      const part = bytes.subarray(chunks.spans[2 * span], chunks.spans[2 * span + 1]);
      data.set(part, at);
      at += part.length;
    }
    this.#transport.start = taken;
    return data;
  }
}
