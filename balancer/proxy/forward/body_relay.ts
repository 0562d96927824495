/**
 * Relays the body of a replica's response to the client, in the framing that the client understands.
 *
 * @module
 */
import { ChunkScanner, writeChunkHeader } from "../http1/chunked.ts";
import { CleanCopy } from "../http1/clean_copy.ts";
import type { Client } from "../request/client.ts";
import type { ProxyRequest } from "../request/request.ts";
import type { Connection } from "../transport/connection.ts";
import { Disconnected, type Reader } from "../transport/connection_reader.ts";
import type { RequestDeadlines } from "../upstream/request_deadlines.ts";
import type { UpstreamConnection } from "../upstream/upstream_connection.ts";
import type { Framing } from "./response_framing.ts";
import { asStream } from "./streams.ts";

const CRLF = new Uint8Array([13, 10]);
const LAST_CHUNK = new Uint8Array([48, 13, 10, 13, 10]);

/** Relays one body after another; belongs to one {@linkcode ResponseRelay}. */
export class BodyRelay {
  readonly #deadlines: RequestDeadlines;
  #client!: Client;
  #request!: ProxyRequest;
  #upstream!: UpstreamConnection;
  #from!: Connection;
  #reader!: Reader;
  /** Whether the body may be silent for as long as a stream may. */
  #endless = false;

  /** @param deadlines deadlines of the next bytes */
  constructor(deadlines: RequestDeadlines) {
    this.#deadlines = deadlines;
  }

  /**
   * Begins the next response.
   *
   * @param client target of the response
   * @param request the request that is answered
   * @param upstream source of the response
   * @param reader the right to read from that connection
   */
  begin(
    client: Client,
    request: ProxyRequest,
    upstream: UpstreamConnection,
    reader: Reader,
  ): void {
    this.#client = client;
    this.#request = request;
    this.#upstream = upstream;
    this.#from = upstream.transport;
    this.#reader = reader;
  }

  /**
   * Sends bytes of a head or a body; the client has a deadline to accept them.
   *
   * @throws {Disconnected} the client's connection ended
   */
  send(bytes: Uint8Array): Promise<void> {
    this.#upstream.deadlineAt = Infinity;
    this.#client.deadlineAt = this.#deadlines.responseBody();
    return this.#client.transport.write(bytes);
  }

  /**
   * Relays the part of a body that did not go out with its head.
   *
   * @param framing how the length of the body is determined
   * @param remaining length of that part in bytes; `Infinity` if only its end shows its length
   * @param events whether it is a stream of server-sent events
   * @throws {Disconnected} either connection ended
   */
  relay(framing: Framing, remaining: number, events: boolean): Promise<void> {
    this.#endless = events || framing === "until-close";
    if (framing === "length") return this.#relayLength(remaining);
    const relay = () => framing === "chunked" ? this.#relayChunks() : this.#relayUntilClose();
    return events ? asStream(this.#client, this.#upstream, relay) : relay();
  }

  async #relayLength(length: number): Promise<void> {
    for (let remaining = length; remaining > 0;) {
      if (this.#from.unread === 0) await this.#more();
      const count = Math.min(this.#from.unread, remaining);
      await this.send(this.#from.bytes.subarray(this.#from.start, this.#from.start + count));
      this.#client.events.bytesSent(count);
      this.#from.start += count;
      remaining -= count;
    }
  }

  async #relayChunks(): Promise<void> {
    const copy = new CleanCopy();
    const chunks = new ChunkScanner(copy);
    while (!chunks.done) {
      if (this.#from.unread === 0) await this.#more();
      const { bytes, start } = this.#from;
      const before = chunks.dataBytes;
      const end = chunks.scan(bytes, start, this.#from.end);
      if (end < 0) throw new Disconnected(this.#from);
      if (this.#request.minor === 1) {
        await this.send(bytes.subarray(start, copy.compact(bytes, start, end)));
      } else await this.#sendSpans(bytes, chunks);
      this.#client.events.bytesSent(chunks.dataBytes - before);
      this.#from.start = end;
    }
    if (this.#request.minor === 1 && copy.tail.length > 0) await this.send(copy.tail);
  }

  /** Sends the payload without its chunks, for an HTTP/1.0 client. */
  async #sendSpans(bytes: Uint8Array, chunks: ChunkScanner): Promise<void> {
    for (let i = 0; i < chunks.spanCount; i++) {
      await this.send(bytes.subarray(chunks.spans[2 * i], chunks.spans[2 * i + 1]));
    }
  }

  /**
   * The connection's end ends the body; in chunks the client can distinguish it from a break.
   */
  async #relayUntilClose(): Promise<void> {
    const chunkHead = new Uint8Array(32);
    for (;;) {
      if (this.#from.unread > 0) {
        const { bytes, start, end } = this.#from;
        if (this.#request.minor === 1) {
          await this.send(chunkHead.subarray(0, writeChunkHeader(chunkHead, 0, end - start)));
        }
        await this.send(bytes.subarray(start, end));
        this.#client.events.bytesSent(end - start);
        if (this.#request.minor === 1) await this.send(CRLF);
        this.#from.start = end;
      }
      this.#await();
      this.#from.makeRoom();
      if (!await this.#reader.read()) break;
    }
    if (this.#request.minor === 1) await this.send(LAST_CHUNK);
  }

  /** Waits for the next part of the body; its end here is an error. */
  async #more(): Promise<void> {
    this.#await();
    this.#from.makeRoom();
    if (!await this.#reader.read()) throw new Disconnected(this.#from);
  }

  /** Sets the deadline of the replica's next bytes. */
  #await(): void {
    const deadlines = this.#deadlines;
    this.#upstream.deadlineAt = this.#endless && !this.#client.ended
      ? deadlines.stream(this.#request)
      : deadlines.responseBody();
    this.#client.deadlineAt = Infinity;
  }
}
