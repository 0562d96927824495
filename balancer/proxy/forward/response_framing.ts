/**
 * Decides, from a response's head, the framing of its body and the fate of both connections.
 *
 * @module
 */
import type { ExchangeEnd } from "./attempt.ts";
import type { ResponseAdditions } from "../http1/head_writer.ts";
import type { ResponseHead } from "../http1/response_head.ts";
import type { RingPlace } from "../http1/ring_fields.ts";
import type { ProxyRequest } from "../request/request.ts";
import type { InstancePool } from "../upstream/connection_pool.ts";

/** How the length of a response's body is determined (RFC 9112, section 6.3). */
export type Framing = "none" | "length" | "chunked" | "until-close";

/**
 * Returns the framing of the body.
 *
 * @param head the response's head
 * @param method the request's method
 */
export function framingOf(head: ResponseHead, method: string): Framing {
  if (head.bodyless(method)) return "none";
  if (head.chunked) return "chunked";
  return head.contentLength >= 0 ? "length" : "until-close";
}

/**
 * Whether the client may send another request after this response.
 *
 * @param request the request
 * @param framing how the response's body is framed
 * @param draining whether the worker drains
 */
export function endAfter(request: ProxyRequest, framing: Framing, draining: boolean): ExchangeEnd {
  if (!request.keepAlive || draining) return "close";
  if (request.minor === 1) return "keep";
  // HTTP/1.0 has no chunks: the end of the connection ends such a body.
  return framing === "none" || framing === "length" ? "keep" : "close";
}

/**
 * Returns the value of Connection for the client.
 *
 * @param request the request
 * @param end whether another request may follow
 */
export function connectionOption(
  request: ProxyRequest,
  end: ExchangeEnd,
): ResponseAdditions["connection"] {
  if (end === "close") return "close";
  return request.minor === 0 ? "keep-alive" : "";
}

/**
 * Returns the response's origin for the ring fields, if they are enabled.
 *
 * @param request the request
 * @param pool the replica that answered
 */
export function ringPlace(
  { slot, ringLines: lines }: ProxyRequest,
  { upstream }: InstancePool,
): RingPlace | undefined {
  return slot < 0 ? undefined : { slot, replica: upstream.name, lines };
}
