/**
 * Finds the requests in a client's bytes by the strictest reading of RFC 9112. Shares no code with
 * the parser of the data plane.
 *
 * @module
 */
import { referenceHeadEnd, referenceRequest } from "../../balancer/proxy/http1/fuzz/reference.ts";
import { referenceChunked } from "../../balancer/proxy/http1/fuzz/reference_chunked.ts";

/** A request that a client sent. */
export interface SentRequest {
  readonly method: string;
  readonly target: string;
  /** Undefined if the bytes end, or break the grammar, within the body. */
  readonly body: string | undefined;
}

/**
 * Reads the requests of a connection up to the first one that is malformed or ambiguous. The head
 * of a request with an invalid body counts: a streaming proxy has already forwarded that head.
 *
 * @param bytes the client's bytes, one character each
 */
export function sentRequests(bytes: string): SentRequest[] {
  const requests: SentRequest[] = [];
  for (let rest = bytes;;) {
    while (rest.startsWith("\r\n")) rest = rest.slice(2);
    const end = referenceHeadEnd(rest);
    const head = end < 0 ? undefined : referenceRequest(rest.slice(0, end));
    if (!head) return requests;
    const { method, target } = head;
    const { body, length } = bodyOf(rest.slice(end), head);
    requests.push({ method, target, body });
    if (body === undefined || !head.keepAlive) return requests;
    rest = rest.slice(end + length);
  }
}

function bodyOf(
  text: string,
  { chunked, length }: { readonly chunked: boolean; readonly length: number },
): { body: string | undefined; length: number } {
  if (chunked) {
    const found = referenceChunked(text);
    return { body: found?.data, length: found?.end ?? 0 };
  }
  const bytes = Math.max(0, length);
  return { body: text.length < bytes ? undefined : text.slice(0, bytes), length: bytes };
}
