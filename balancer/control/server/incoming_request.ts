/**
 * Builds the `Request` of the API's handler from a request's head.
 *
 * @module
 */
import { FAULTS } from "../../proxy/http1/fault.ts";
import type { RequestHead } from "../../proxy/http1/request_head.ts";
import { latin1 } from "../../proxy/http1/latin1.ts";
import { RefusedError } from "../../proxy/request/body.ts";

/** Methods without a body: `new Request` refuses one for them. */
const WITHOUT_BODY: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * Builds a `Request`. Method and target stay as they were sent, byte for byte: the constructor
 * would write `get` in capitals, refuse TRACE, and resolve `..` in a path.
 *
 * @param bytes the buffer that holds the head
 * @param head the head, parsed
 * @param body the body; undefined if there is none
 * @param signal aborted when the client disconnects
 * @throws {RefusedError} the request's `Host` makes no valid URL
 */
export function incomingRequest(
  bytes: Uint8Array,
  head: RequestHead,
  body: ReadableStream<Uint8Array<ArrayBuffer>> | undefined,
  signal: AbortSignal,
): Request {
  const { method } = head;
  const host = latin1(bytes, head.hostStart, head.hostEnd) || "localhost";
  const target = latin1(bytes, head.targetStart, head.targetEnd);
  const url = `http://${host}${target === "*" ? "/*" : target}`;
  if (!URL.canParse(url)) throw new RefusedError(FAULTS.host);
  const withBody = body && !WITHOUT_BODY.has(method);
  const request = new Request("http://localhost/", {
    method: withBody ? "POST" : "GET",
    headers: headersOf(bytes, head),
    signal,
    ...(withBody && { body }),
  });
  return Object.defineProperties(request, { method: { value: method }, url: { value: url } });
}

function headersOf(bytes: Uint8Array, { fields }: RequestHead): Headers {
  const headers = new Headers();
  for (let i = 0; i < fields.count; i++) {
    headers.append(
      latin1(bytes, fields.lineStart(i), fields.nameEnd(i)),
      latin1(bytes, fields.valueStart(i), fields.valueEnd(i)),
    );
  }
  return headers;
}
