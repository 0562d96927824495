/**
 * What a response's head means for its body and for the two connections: the decisions alone.
 *
 * @module
 */
import type { ExchangeEnd } from "./attempt.ts";
import type { ResponseAdditions } from "../http1/head_writer.ts";
import type { ResponseHead } from "../http1/response_head.ts";
import type { RingPlace } from "../http1/ring_fields.ts";
import type { ProxyRequest } from "../request/request.ts";
import type { InstancePool } from "../upstream/connection_pool.ts";

/** How the length of a response's body is known (RFC 9112, section 6.3). */
export type Framing = "none" | "length" | "chunked" | "until-close";

/**
 * How the body is framed.
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
 * @param draining whether the worker is to end
 */
export function endAfter(request: ProxyRequest, framing: Framing, draining: boolean): ExchangeEnd {
  if (!request.keepAlive || draining) return "close";
  if (request.minor === 1) return "keep";
  // HTTP/1.0 knows no chunks: the end of the connection is the end of such a body.
  return framing === "none" || framing === "length" ? "keep" : "close";
}

/**
 * What Connection says to the client.
 *
 * @param request the request
 * @param end whether another one may follow
 */
export function connectionOption(
  request: ProxyRequest,
  end: ExchangeEnd,
): ResponseAdditions["connection"] {
  if (end === "close") return "close";
  return request.minor === 0 ? "keep-alive" : "";
}

/**
 * What a response says about where it comes from, if it is to say so.
 *
 * @param request the request
 * @param pool who answered it
 */
export function ringPlace(
  { slot }: ProxyRequest,
  { upstream }: InstancePool,
): RingPlace | undefined {
  return slot < 0 ? undefined : { slot, replica: upstream.name };
}
