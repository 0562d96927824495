/**
 * From a head that was read to a request that is ready to be sent.
 *
 * @module
 */
import { FAULTS } from "../http1/fault.ts";
import { writeRequestHead } from "../http1/head_writer.ts";
import { latin1 } from "../http1/latin1.ts";
import type { RequestHead } from "../http1/request_head.ts";
import { ascii } from "../http1/writer.ts";
import { RefusedError } from "../request/body.ts";
import type { Client } from "../request/client.ts";
import { ProxyRequest } from "../request/request.ts";
import type { RequestIds } from "../request/request_ids.ts";
import type { RequestRouter } from "../routing/request_router.ts";
import { ADDED_BYTES, type BufferPool, LARGE_BYTES } from "../transport/buffers.ts";
import { ownAnswer } from "./own_answer.ts";

const HTTP = ascii("http");

/** Bounds of a request. */
export interface BuilderLimits {
  /** Longest request line in bytes. */
  readonly lineBytes: number;
  /** Longest head in bytes. */
  readonly headBytes: number;
  /** Most header fields. */
  readonly fields: number;
  /** Longest body in bytes, 0 for any. */
  readonly bodyBytes: number;
}

/** What a {@linkcode RequestBuilder} is made of. */
export interface BuilderServices {
  /** Parses heads, and keeps the last one until the next wait: all connections share it. */
  readonly requestHead: RequestHead;
  readonly limits: BuilderLimits;
  readonly buffers: BufferPool;
  readonly requestIds: RequestIds;
  readonly router: RequestRouter;
  /** The proxy's name in `Via`; empty where it is not added. */
  readonly via: Uint8Array;
  /** The port that clients connect to, as it is sent on. */
  readonly portBytes: Uint8Array;
  /** Whether fields with an underscore in their names are sent on. */
  readonly underscores: boolean;
  /** Whether TRACE is sent on. */
  readonly trace: boolean;
}

/** Builds the requests of one worker. */
export class RequestBuilder {
  readonly #services: BuilderServices;

  /** @param services what it builds requests with */
  constructor(services: BuilderServices) {
    this.#services = services;
  }

  /**
   * Parses the head and writes it again, with as much of the body behind it as came with it. Does
   * not wait for anything: all connections share one parser.
   *
   * @param client the connection, its unread bytes beginning with the head
   * @param headEnd behind the head
   * @throws {RefusedError} the request cannot be taken
   */
  build(client: Client, headEnd: number): ProxyRequest {
    const { wire } = client;
    const { requestHead, limits } = this.#services;
    const fault = requestHead.parse(wire.bytes, wire.start, headEnd, limits.fields);
    if (fault) throw new RefusedError(fault);
    return this.#compose(client);
  }

  /**
   * The same for a request that is all there, head and body, in one pass over it. Any other request
   * is left as it was.
   *
   * @param client the connection, its unread bytes beginning with a head, or a part of one
   * @returns undefined for a request that takes the general way
   * @throws {RefusedError} the request cannot be taken
   */
  buildWhole(client: Client): ProxyRequest | undefined {
    const { wire } = client;
    const { requestHead: head, limits } = this.#services;
    if (!head.parseWhole(wire.bytes, wire.start, wire.end, limits.fields)) return undefined;
    if (head.chunked || head.upgrade) return undefined;
    if (head.lineLength > limits.lineBytes) return undefined;
    if (head.end - head.start > limits.headBytes) return undefined;
    if (head.contentLength > wire.end - head.end) return undefined;
    return this.#compose(client);
  }

  /** From the head that was parsed last. */
  #compose(client: Client): ProxyRequest {
    const { wire, body, events } = client;
    const { requestHead: head, limits, requestIds, buffers, router, trace } = this.#services;
    events.parsed();
    if (client.trusted) client.identify(head);
    body.begin(head.contentLength, head.chunked, limits.bodyBytes || Infinity);
    body.awaited = head.expectContinue;
    const given = givenId(head, wire.bytes);
    // The host is written a second time, as X-Forwarded-Host.
    const needed = wire.unread + head.hostEnd - head.hostStart + ADDED_BYTES;
    const request = new ProxyRequest(
      head,
      given,
      requestIds,
      buffers,
      Math.min(needed, LARGE_BYTES),
    );
    request.answer = ownAnswer(head, wire.bytes, trace);
    request.destination = router.destination(client, request);
    if (request.answer !== undefined) {
      request.destination = { ...request.destination, first: undefined };
    }
    this.#write(client, request, given === undefined ? request.idBytes : undefined);
    return request;
  }

  /** Writes the head, and behind it what is there of the body. */
  #write(client: Client, request: ProxyRequest, requestId: Uint8Array | undefined): void {
    const { wire, events } = client;
    const { requestHead: head, via, portBytes, underscores } = this.#services;
    const traceparent = events.routed(request);
    const at = writeRequestHead(request.out, 0, wire.bytes, head, {
      requestId,
      forwardedFor: client.addressBytes,
      proto: HTTP,
      port: portBytes,
      via,
      trusted: client.trusted,
      underscores,
      traceparent,
    });
    if (at < 0) throw new RefusedError(FAULTS.headTooLarge);
    if (traceparent !== undefined) events.traceParentWritten(at);
    wire.start = head.end;
    request.seal(at + takeBody(client, request, at));
  }
}

function givenId({ requestIdField: field, fields }: RequestHead, bytes: Uint8Array) {
  if (field < 0) return undefined;
  const id = latin1(bytes, fields.valueStart(field), fields.valueEnd(field));
  return id === "" ? undefined : id;
}

/** @returns how many bytes of the body were put behind the head */
function takeBody({ wire, body }: Client, request: ProxyRequest, at: number): number {
  if (body.complete) return 0;
  const room = request.out.length - at;
  const end = body.take(wire.bytes, wire.start, Math.min(wire.end, wire.start + room));
  request.out.set(wire.bytes.subarray(wire.start, end), at);
  const length = end - wire.start;
  wire.start = end;
  return length;
}
