/**
 * Requests that the balancer answers itself: TRACE, and requests whose Max-Forwards is 0.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import type { RequestHead } from "../http1/request_head.ts";
import { latin1 } from "../http1/latin1.ts";
import type { Refusal } from "../errors/refusal.ts";

/** RFC 9110, section 15.5.6, requires a list of methods; replicas may support more. */
const ALLOW = "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

const NOT_TRACED: Refusal = {
  reason: "method",
  status: STATUS_CODE.MethodNotAllowed,
  message: "TRACE is not forwarded; set LB_TRACE=true to have it forwarded",
  fields: [ALLOW],
};

const OPTIONS: Refusal = {
  reason: "max-forwards",
  status: STATUS_CODE.OK,
  message: "OPTIONS with Max-Forwards: 0",
  fields: [ALLOW],
  content: { type: undefined, bytes: new Uint8Array(0) },
};

/** RFC 9110, section 9.3.8: fields that must not be shown to a script that sends TRACE. */
const SECRET = /^(?:authorization|cookie|proxy-authorization)$/i;

/**
 * Returns the balancer's own answer; undefined if the request goes to a replica.
 *
 * @param head the request's head
 * @param bytes the bytes that hold the head
 * @param trace whether TRACE is forwarded
 */
export function ownAnswer(
  head: RequestHead,
  bytes: Uint8Array,
  trace: boolean,
): Refusal | undefined {
  const { method, maxForwards } = head;
  if (method === "TRACE" && !trace) return NOT_TRACED;
  if (maxForwards !== 0) return undefined;
  return method === "OPTIONS" ? OPTIONS : traced(head, bytes);
}

/** RFC 9110, section 9.3.8: the request as it was received. */
function traced(head: RequestHead, bytes: Uint8Array): Refusal {
  const { fields } = head;
  const first = fields.count > 0 ? fields.lineStart(0) : head.end - 2;
  let text = latin1(bytes, head.start, first);
  for (let i = 0; i < fields.count; i++) {
    if (SECRET.test(latin1(bytes, fields.lineStart(i), fields.nameEnd(i)))) continue;
    text += latin1(bytes, fields.lineStart(i), fields.lineEnd(i));
  }
  const content = Uint8Array.from(`${text}\r\n`, (letter) => letter.charCodeAt(0));
  return {
    reason: "max-forwards",
    status: STATUS_CODE.OK,
    message: "TRACE with Max-Forwards: 0",
    content: { type: "message/http", bytes: content },
  };
}
