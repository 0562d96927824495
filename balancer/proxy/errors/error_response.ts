/**
 * The bytes of a response by the balancer itself: nearly always an error.
 *
 * @module
 */
import { STATUS_TEXT } from "@std/http/status";
import { failureBody } from "../../reply.ts";
import { DATE_LINE, type DateLine } from "../http1/date_line.ts";
import { latin1 } from "../http1/latin1.ts";

const LINE_END_BYTES = 2;

/** The answer: an error, unless it has its own content. */
export interface FailureMessage {
  readonly status: number;
  readonly message: string;
  /** Whether the connection is closed after the answer. */
  readonly close: boolean;
  /** False for HEAD: the head alone is sent. */
  readonly withBody: boolean;
  /** Seconds after which the client should try again. */
  readonly retryAfterS?: number;
  readonly requestId?: string | undefined;
  /** Further field lines, without line ends. */
  readonly fields?: readonly string[];
  /** The body, instead of an error's. */
  readonly content?: Content;
  /** The client's Accept; undefined if the answer is JSON in any case. */
  readonly accept?: string | undefined;
  /** Set if a page of this name comes before those of the status. */
  readonly page?: "maintenance";
}

/** A body and its media type; undefined if there is no body. */
interface Content {
  readonly type: string | undefined;
  readonly bytes: Uint8Array;
}

/** Seconds after which a replica may be ready again. */
export const RETRY_AFTER_S = 1;

/** Length of the answer's body in bytes. */
export function bodyLength(failure: FailureMessage): number {
  return failure.withBody ? bodyOf(failure).length : 0;
}

/**
 * Returns the bytes of a complete response (RFC 9112, section 4).
 *
 * @param failure the answer
 * @param date writes the Date field
 */
export function failureBytes(failure: FailureMessage, date: DateLine = DATE_LINE): Uint8Array {
  const { status, close, withBody, retryAfterS, requestId, content, fields = [] } = failure;
  const bodyBytes = bodyOf(failure);
  const type = content ? content.type : "application/json";
  const lines = [`HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? ""}`, dateOf(date)];
  if (type !== undefined) lines.push(`Content-Type: ${type}`);
  lines.push(`Content-Length: ${bodyBytes.length}`, ...fields);
  if (requestId !== undefined) lines.push(`X-Request-Id: ${requestId}`);
  if (retryAfterS !== undefined) lines.push(`Retry-After: ${retryAfterS}`);
  if (close) lines.push("Connection: close");
  // The id may contain obs-text, which is returned unchanged: one byte for each character.
  const head = Uint8Array.from(`${lines.join("\r\n")}\r\n\r\n`, (letter) => letter.charCodeAt(0));
  return withBody ? concat(head, bodyBytes) : head;
}

function dateOf({ bytes }: DateLine): string {
  return latin1(bytes, 0, bytes.length - LINE_END_BYTES);
}

function bodyOf({ message, content }: FailureMessage): Uint8Array {
  return content?.bytes ?? new TextEncoder().encode(JSON.stringify(failureBody(message)));
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
