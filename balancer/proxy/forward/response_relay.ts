/**
 * Relays a replica's response to the client: heads are rewritten, bodies are streamed.
 *
 * @module
 */
import { ADDED_BYTES, type Buffer, LARGE_BYTES } from "../transport/buffers.ts";
import type { Attempts, ExchangeEnd } from "./attempt.ts";
import { BodyRelay } from "./body_relay.ts";
import type { DateLine } from "../http1/date_line.ts";
import { FAULTS } from "../http1/fault.ts";
import type { ResponseAdditions } from "../http1/head_writer.ts";
import { writeResponseHead } from "../http1/head_writer.ts";
import { HeadScanner } from "../http1/head_scanner.ts";
import { ResponseHead } from "../http1/response_head.ts";
import { hideRingFields } from "../http1/ring_fields.ts";
import { hideSetCookie, setCookieBytes } from "../http1/set_cookie.ts";
import { mayBeStatusLine } from "../http1/status_line.ts";
import { ascii, copy } from "../http1/writer.ts";
import {
  connectionOption,
  endAfter,
  type Framing,
  framingOf,
  ringPlace,
} from "./response_framing.ts";
import { UpstreamError } from "../errors/upstream_error.ts";
import { isEventStream } from "./streams.ts";
import type { BufferPool } from "../transport/buffers.ts";
import type { Client } from "../request/client.ts";
import type { DrainState } from "../request/drain_state.ts";
import type { ProxyRequest } from "../request/request.ts";
import type { RequestDeadlines } from "../upstream/request_deadlines.ts";
import { tunnel } from "./tunnel.ts";
import type { UpstreamConnection } from "../upstream/upstream_connection.ts";
import type { Connection } from "../transport/connection.ts";
import { Disconnected, type Reader } from "../transport/connection_reader.ts";

/** Services shared by the relays of one worker. */
export interface RelayServices {
  /** Limits of a head: its bytes and its number of fields. */
  readonly limits: { readonly headBytes: number; readonly fields: number };
  readonly buffers: BufferPool;
  readonly requestDeadlines: RequestDeadlines;
  /** The proxy's name in `Via`; empty to add no `Via`. */
  via: Uint8Array;
  readonly date: DateLine;
  readonly drain: DrainState;
}

/** An interim response is relayed without added fields. */
const INTERIM: ResponseAdditions = {
  requestId: undefined,
  via: ascii(""),
  connection: "",
  framing: "as-is",
  date: undefined,
  ring: undefined,
  cookie: undefined,
};

/** Largest part of a body that is copied to go out with the head. */
const COALESCE_BYTES = 16 * 1024;

/**
 * Relays one response after another. Lent to one exchange at a time, since other connections run
 * between the parsing of a head and its use.
 */
export class ResponseRelay {
  readonly #scanner = new HeadScanner();
  readonly #head = new ResponseHead();
  readonly #services: RelayServices;
  readonly #attempts: Attempts;
  readonly #body: BodyRelay;
  #client!: Client;
  #request!: ProxyRequest;
  #upstream!: UpstreamConnection;
  #from!: Connection;
  #reader!: Reader;
  #to!: Connection;
  #out!: Buffer;
  #framing: Framing = "none";
  /** Remaining bytes of the body; `Infinity` if only its end shows its length. */
  #remaining = 0;
  /** Number of body bytes that went out with the head. */
  #inline = 0;
  #reusable = false;
  #end: ExchangeEnd = "close";

  /**
   * @param services services shared by the relays of one worker
   * @param attempts receives the beginning and the end of responses
   */
  constructor(services: RelayServices, attempts: Attempts) {
    this.#services = services;
    this.#attempts = attempts;
    this.#body = new BodyRelay(services.requestDeadlines);
  }

  /**
   * Reads a response, whose deadline is set, and sends it to the client.
   *
   * @returns whether the client may send another request
   * @throws {Disconnected} either connection ended
   * @throws {UpstreamError} the response is malformed
   */
  async run(
    client: Client,
    request: ProxyRequest,
    upstream: UpstreamConnection,
  ): Promise<ExchangeEnd> {
    this.#client = client;
    this.#request = request;
    this.#upstream = upstream;
    this.#from = upstream.transport;
    this.#to = client.transport;
    using reader = this.#reader = upstream.transport.reader();
    this.#body.begin(client, request, upstream, reader);
    for (;;) {
      let headEnd = this.#findHead(0);
      for (
        let scanned = upstream.transport.unread;
        headEnd === -1;
        scanned = upstream.transport.unread
      ) {
        if (!await reader.read()) throw new Disconnected(upstream.transport);
        headEnd = this.#findHead(scanned);
      }
      client.events.responseArrived();
      this.#parse(headEnd);
      const { status } = this.#head;
      this.#attempts.answered(client, request, upstream, this.#head);
      if (status === 101) return await this.#switchProtocols(headEnd);
      if (status >= 200) {
        await this.#body.send(this.#begin(headEnd));
        client.events.bytesSent(this.#inline);
        client.events.responseSent();
        this.#services.buffers.give(this.#out);
        if (this.#remaining !== 0) await this.#relayBody();
        return await this.#finish();
      }
      await this.#passInterim(headEnd);
    }
  }

  /** @returns index behind the head; -1 if the head is incomplete */
  #findHead(scanned: number): number {
    const from = this.#from;
    if (scanned === 0) this.#scanner.reset();
    const headEnd = this.#scanner.scan(from.bytes, from.start + scanned, from.end);
    if (headEnd === -2) throw malformed("a line of its head does not end in CRLF");
    const length = headEnd < 0 ? from.unread : headEnd - from.start;
    const { headBytes } = this.#services.limits;
    if (length > headBytes) throw malformed(`its head is longer than ${headBytes} bytes`);
    if (headEnd === -1 && !mayBeStatusLine(from.bytes, from.start, from.end)) {
      throw malformed(FAULTS.statusLine.reason);
    }
    return headEnd;
  }

  #parse(headEnd: number): void {
    const { fields } = this.#services.limits;
    const fault = this.#head.parse(this.#from.bytes, this.#from.start, headEnd, fields);
    if (fault) throw malformed(fault.reason);
    const { slot, affinity } = this.#request;
    if (slot >= 0) hideRingFields(this.#head.fields, this.#from.bytes);
    if (affinity) hideSetCookie(this.#head.fields, this.#from.bytes, affinity.name);
  }

  /** RFC 9110, section 15.2: any number of interim responses, none to HTTP/1.0 clients. */
  async #passInterim(headEnd: number): Promise<void> {
    if (this.#head.status === 100) this.#client.body.awaited = false;
    if (this.#request.minor === 1) {
      const { buffers } = this.#services;
      const out = buffers.take(LARGE_BYTES);
      const length = writeResponseHead(out, 0, this.#from.bytes, this.#head, INTERIM);
      this.#from.start = headEnd;
      await this.#to.write(out.subarray(0, length));
      buffers.give(out);
    }
    this.#from.start = headEnd;
  }

  /** @returns the final response's head, with the part of its body that goes out with it */
  #begin(headEnd: number): Uint8Array {
    this.#decide();
    const inline = this.#inline = this.#inlineBytes(headEnd);
    const { idBytes, affinity } = this.#request;
    const added = idBytes.length + (affinity?.sets ? setCookieBytes(affinity.sets) : 0);
    this.#out = this.#services.buffers.take(
      headEnd - this.#from.start + ADDED_BYTES + added + inline,
    );
    const at = this.#writeHead(this.#out, connectionOption(this.#request, this.#end));
    this.#request.responding = true;
    copy(this.#out, at, this.#from.bytes, headEnd, headEnd + inline);
    this.#from.start = headEnd + inline;
    this.#remaining -= inline;
    return this.#out.subarray(0, at + inline);
  }

  /** Decides the framing of the body and the fate of both connections. */
  #decide(): void {
    const head = this.#head;
    this.#framing = framingOf(head, this.#request.method);
    this.#remaining = this.#framing === "none"
      ? 0
      : this.#framing === "length"
      ? head.contentLength
      : Infinity;
    this.#reusable = head.keepAlive && this.#framing !== "until-close";
    const { body } = this.#client;
    const { draining } = this.#services.drain;
    // A client that did not receive 100 (Continue) may omit the body: the start of the next request
    // is unknown (RFC 9110, section 10.1.1).
    const bodyMayBeMissing = body.awaited && body.dataBytes === 0 && !body.complete;
    this.#end = bodyMayBeMissing ? "close" : endAfter(this.#request, this.#framing, draining);
  }

  #writeHead(out: Uint8Array, connection: ResponseAdditions["connection"]): number {
    const { idBytes, minor, affinity } = this.#request;
    const framing = this.#framing === "until-close" && minor === 1
      ? "chunked"
      : this.#head.chunked && minor === 0
      ? "none"
      : "as-is";
    const { via, date } = this.#services;
    const length = writeResponseHead(out, 0, this.#from.bytes, this.#head, {
      requestId: idBytes,
      via,
      connection,
      framing,
      date,
      ring: ringPlace(this.#request, this.#upstream.pool),
      cookie: affinity?.sets,
    });
    if (length < 0) throw malformed("its head is too long");
    return length;
  }

  /** Number of body bytes that go out together with the head. */
  #inlineBytes(headEnd: number): number {
    if (this.#framing !== "length") return 0;
    const available = Math.min(this.#from.end - headEnd, this.#remaining);
    return available <= COALESCE_BYTES ? available : 0;
  }

  #relayBody(): Promise<void> {
    const framed = this.#framing === "length";
    const events = !framed && isEventStream(this.#head, this.#from.bytes);
    return this.#body.relay(this.#framing, this.#remaining, events);
  }

  /** Bytes behind a complete response belong to no request: such a connection is not reused. */
  async #finish(): Promise<ExchangeEnd> {
    const { upload } = this.#client;
    this.#client.deadlineAt = Infinity;
    if (upload?.running) {
      if (this.#reusable && this.#end === "keep") await upload.finish();
      else upload.abandon();
    }
    this.#reader[Symbol.dispose]();
    const reusable = this.#reusable && this.#client.sent && this.#from.unread === 0;
    this.#attempts.end(this.#client, this.#upstream, reusable);
    return this.#end;
  }

  /** Switches to a tunnel (RFC 9110, section 7.8). */
  async #switchProtocols(headEnd: number): Promise<ExchangeEnd> {
    if (!this.#request.upgrade || !this.#head.upgrade) {
      throw malformed("it switches protocols although the request did not ask for that");
    }
    const { buffers } = this.#services;
    const out = buffers.take(LARGE_BYTES);
    const length = this.#writeHead(out, "upgrade");
    this.#from.start = headEnd;
    this.#request.responding = true;
    await this.#body.send(out.subarray(0, length));
    this.#client.events.responseSent();
    buffers.give(out);
    const { requestDeadlines } = this.#services;
    await tunnel(this.#client, this.#request, this.#upstream, this.#reader, requestDeadlines);
    return "close";
  }
}

function malformed(reason: string): UpstreamError {
  return new UpstreamError("malformed", "maybe", false, reason);
}
