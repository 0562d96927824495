/**
 * A response that arrived in one piece, head and body, rewritten in one piece.
 *
 * @module
 */
import { ADDED_BYTES } from "../transport/buffers.ts";
import type { ExchangeEnd } from "./attempt.ts";
import { writeResponseHead } from "../http1/head_writer.ts";
import type { DateLine } from "../http1/date_line.ts";
import type { ResponseHead } from "../http1/response_head.ts";
import { hideRingFields } from "../http1/ring_fields.ts";
import { hideSetCookie, setCookieBytes } from "../http1/set_cookie.ts";
import { copy } from "../http1/writer.ts";
import { connectionOption, endAfter, framingOf, ringPlace } from "./response_framing.ts";
import type { DrainState } from "../request/drain_state.ts";
import type { ProxyRequest } from "../request/request.ts";
import type { UpstreamConnection } from "../upstream/upstream_connection.ts";

/** Dependencies of a {@linkcode FastResponse}. */
export interface FastResponseServices {
  /** Parses the head; its content is valid until the next `await`. */
  readonly responseHead: ResponseHead;
  /** Limits of a head: its bytes and its number of fields. */
  readonly limits: { readonly headBytes: number; readonly fields: number };
  /** Whether failed requests that were not sampled are recorded, too. */
  readonly recorder: { readonly catches: boolean };
  /** The proxy's name in `Via`; empty to add no `Via`. */
  via: Uint8Array;
  readonly date: DateLine;
  readonly drain: DrainState;
}

/** A final response as sent to the client. */
export class FastResponse {
  /** Length of the response in bytes, from the beginning of the request's buffer. */
  length = 0;
  /** Length of the body in bytes. */
  bodyBytes = 0;
  /** Whether the replica's connection can carry another request. */
  reusable = false;
  /** Whether the client may send another request. */
  end: ExchangeEnd = "close";
  readonly #services: FastResponseServices;

  /** @param services services shared by the responses of one worker */
  constructor(services: FastResponseServices) {
    this.#services = services;
  }

  /**
   * Writes the response over the request, whose response has arrived. An unusual response is left
   * unchanged for the relay.
   *
   * @param request the request that it answers
   * @param upstream the replica's connection; its unread bytes begin with the response
   * @returns whether the response was written
   */
  write(request: ProxyRequest, upstream: UpstreamConnection): boolean {
    const { transport: from, pool } = upstream;
    const { responseHead: head, limits, recorder, via, date, drain } = this.#services;
    if (!head.parseWhole(from.bytes, from.start, from.end, limits.fields)) return false;
    if (head.status < 200 || head.end - head.start > limits.headBytes) return false;
    // A record of a failure reads the request's head, which is overwritten here.
    if (head.status >= 500 && recorder.catches) return false;
    const framing = framingOf(head, request.method);
    if (framing !== "none" && framing !== "length") return false;
    // The relay decides about bytes behind the response, too.
    if (head.end + (framing === "none" ? 0 : head.contentLength) !== from.end) return false;
    const { out, idBytes, affinity } = request;
    const cookie = affinity?.sets;
    const added = idBytes.length + (cookie === undefined ? 0 : setCookieBytes(cookie)) +
      ADDED_BYTES;
    if (from.unread + added > out.length) return false;
    this.end = endAfter(request, framing, drain.draining);
    this.reusable = head.keepAlive;
    const ring = ringPlace(request, pool);
    if (ring) hideRingFields(head.fields, from.bytes);
    if (affinity) hideSetCookie(head.fields, from.bytes, affinity.name);
    const at = writeResponseHead(out, 0, from.bytes, head, {
      requestId: idBytes,
      via,
      connection: connectionOption(request, this.end),
      framing: head.chunked && request.minor === 0 ? "none" : "as-is",
      date,
      ring,
      cookie,
    });
    this.bodyBytes = from.end - head.end;
    this.length = copy(out, at, from.bytes, head.end, from.end);
    from.start = from.end;
    return true;
  }
}
