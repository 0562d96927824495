/**
 * Whether a request came encrypted, from the client's point of view.
 *
 * @module
 */
import { X_FORWARDED_PROTO } from "../http1/field_kind.ts";
import { elementEnd, isElement } from "../http1/list.ts";
import type { RequestHead } from "../http1/request_head.ts";
import { ascii } from "../http1/writer.ts";
import type { Client } from "./client.ts";

const HTTPS = ascii("https");

/**
 * Whether the client used HTTPS, towards this balancer or towards a trusted proxy before it.
 *
 * @param client the client; its connection's bytes hold the head
 * @param head the request's head
 */
export function isSecure({ port, trusted, transport }: Client, head: RequestHead): boolean {
  return port.secure || (trusted && saysHttps(transport.bytes, head));
}

/** The first element of a list is the protocol of the client, the others those of proxies. */
function saysHttps(bytes: Uint8Array, { fields }: RequestHead): boolean {
  for (let i = 0; i < fields.count; i++) {
    if (fields.kind(i) !== X_FORWARDED_PROTO) continue;
    const start = fields.valueStart(i);
    return isElement(bytes, start, elementEnd(bytes, start, fields.valueEnd(i)), HTTPS);
  }
  return false;
}
