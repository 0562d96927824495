/**
 * Builds a request that is ready to be sent from the head that was read.
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
import type { MaintenanceSwitch } from "../request/maintenance.ts";
import { ProxyRequest } from "../request/request.ts";
import type { RequestIds } from "../request/request_ids.ts";
import type { RequestRouter } from "../routing/request_router.ts";
import { ADDED_BYTES, type BufferPool, LARGE_BYTES } from "../transport/buffers.ts";
import { ownAnswer } from "./own_answer.ts";

const HTTP = ascii("http");

/** Limits of a request. */
interface BuilderLimits {
  /** Longest request line in bytes. */
  readonly lineBytes: number;
  /** Longest head in bytes. */
  readonly headBytes: number;
  /** Most header fields. */
  readonly fields: number;
}

/** Dependencies of a {@linkcode RequestBuilder}. */
export interface BuilderServices {
  /** Parses heads; all connections share it, so its content is valid until the next `await`. */
  readonly requestHead: RequestHead;
  readonly limits: BuilderLimits;
  readonly buffers: BufferPool;
  readonly requestIds: RequestIds;
  readonly router: RequestRouter;
  /** The proxy's name in `Via`; empty to add no `Via`. */
  via: Uint8Array;
  /** The same for requests by HTTP/2. */
  via2: Uint8Array;
  /** The port that clients connect to, as written into `X-Forwarded-Port`. */
  readonly portBytes: Uint8Array;
  /** Whether fields with an underscore in their names are forwarded. */
  underscores: boolean;
  /** Whether TRACE is forwarded. */
  trace: boolean;
  readonly maintenance: MaintenanceSwitch;
}

/** Builds the requests of one worker. */
export class RequestBuilder {
  readonly #services: BuilderServices;

  /** @param services dependencies of the builder */
  constructor(services: BuilderServices) {
    this.#services = services;
  }

  /**
   * Parses the head and rewrites it, followed by the part of the body that arrived with it.
   * Synchronous: all connections share one parser.
   *
   * @param client the connection, its unread bytes beginning with the head
   * @param headEnd index behind the head
   * @throws {RefusedError} the request cannot be taken
   */
  build(client: Client, headEnd: number): ProxyRequest {
    const { transport } = client;
    const { requestHead, limits } = this.#services;
    const fault = requestHead.parse(transport.bytes, transport.start, headEnd, limits.fields);
    if (fault) throw new RefusedError(fault);
    return this.#compose(client);
  }

  /**
   * Builds a request whose head and body arrived completely, in one pass. Any other request is left
   * unchanged.
   *
   * @param client the connection; its unread bytes begin with a head, or a part of one
   * @returns undefined for a request that the general path has to serve
   * @throws {RefusedError} the request cannot be taken
   */
  buildWhole(client: Client): ProxyRequest | undefined {
    const { transport } = client;
    const { requestHead: head, limits } = this.#services;
    if (!head.parseWhole(transport.bytes, transport.start, transport.end, limits.fields)) {
      return undefined;
    }
    if (head.chunked || head.upgrade) return undefined;
    if (head.lineLength > limits.lineBytes) return undefined;
    if (head.end - head.start > limits.headBytes) return undefined;
    if (head.contentLength > transport.end - head.end) return undefined;
    return this.#compose(client);
  }

  /** Builds the request from the head that was parsed last. */
  #compose(client: Client): ProxyRequest {
    const { transport, body, events } = client;
    const { requestHead: head, requestIds, buffers, router, trace } = this.#services;
    events.parsed();
    if (client.trusted) client.identify(head);
    const rules = router.rules(client);
    body.begin(head.contentLength, head.chunked, rules.bodyBytes);
    body.awaited = head.expectContinue;
    const given = givenId(head, transport.bytes);
    // The host is written a second time, as X-Forwarded-Host.
    const needed = transport.unread + head.hostEnd - head.hostStart + ADDED_BYTES;
    const request = new ProxyRequest(
      head,
      given,
      requestIds,
      buffers,
      Math.min(needed, LARGE_BYTES),
    );
    request.rules = rules;
    request.answer = ownAnswer(head, transport.bytes, trace);
    request.destination = router.destination(client, request);
    const { maintenance } = this.#services;
    // The API goes on.
    if (maintenance.on && request.destination.key !== undefined) {
      request.answer ??= maintenance.answer(client);
    }
    if (request.answer !== undefined) {
      request.destination = { ...request.destination, first: undefined };
    }
    this.#write(client, request, given === undefined ? request.idBytes : undefined);
    return request;
  }

  /** Writes the head and the available part of the body. */
  #write(client: Client, request: ProxyRequest, requestId: Uint8Array | undefined): void {
    const { transport, body, events } = client;
    const { requestHead: head, via, via2, portBytes, underscores } = this.#services;
    const traceparent = events.routed(request);
    const { affinity } = request;
    const at = writeRequestHead(request.out, 0, transport.bytes, head, {
      requestId,
      forwardedFor: client.addressBytes,
      proto: HTTP,
      port: portBytes,
      via: client.http2 ? via2 : via,
      trusted: client.trusted,
      underscores,
      traceparent,
      withoutCookie: affinity?.carried ? affinity.name : undefined,
    });
    if (at < 0) throw new RefusedError(FAULTS.headTooLarge);
    if (traceparent !== undefined) events.traceParentWritten(at);
    transport.start = head.end;
    if (body.complete) return request.seal(at);
    try {
      request.seal(at + takeBody(client, request, at));
    } catch (error) {
      // The answer reads the head once more.
      transport.start = head.start;
      throw error;
    }
  }
}

function givenId({ requestIdField: field, fields }: RequestHead, bytes: Uint8Array) {
  if (field < 0) return undefined;
  const id = latin1(bytes, fields.valueStart(field), fields.valueEnd(field));
  return id === "" ? undefined : id;
}

/** @returns number of body bytes that were placed behind the head */
function takeBody({ transport, body }: Client, request: ProxyRequest, at: number): number {
  const room = request.out.length - at;
  const end = body.take(
    transport.bytes,
    transport.start,
    Math.min(transport.end, transport.start + room),
  );
  request.out.set(transport.bytes.subarray(transport.start, end), at);
  const length = end - transport.start;
  transport.start = end;
  return length;
}
