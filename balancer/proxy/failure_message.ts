/**
 * An error of the balancer itself, as the bytes of a response.
 *
 * @module
 */
import { STATUS_TEXT } from "@std/http/status";
import { failureBody } from "../reply.ts";

/** An error to answer with. */
export interface FailureMessage {
  readonly status: number;
  readonly message: string;
  /** Whether the connection is closed after it. */
  readonly close: boolean;
  /** False for HEAD: the head alone is sent. */
  readonly withBody: boolean;
  /** Seconds after which trying again makes sense. */
  readonly retryAfterS?: number;
  readonly requestId?: string | undefined;
}

/** Seconds after which a client may find a replica again. */
export const RETRY_AFTER_S = 1;

/** Bytes of the body of such a response. */
export function bodyLength(failure: FailureMessage): number {
  return failure.withBody ? bodyOf(failure).length : 0;
}

/** The bytes of a complete response (RFC 9112, section 4). */
export function failureBytes(failure: FailureMessage): Uint8Array {
  const { status, close, withBody, retryAfterS, requestId } = failure;
  const bodyBytes = bodyOf(failure);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? ""}`,
    "Content-Type: application/json",
    `Content-Length: ${bodyBytes.length}`,
  ];
  if (requestId !== undefined) lines.push(`X-Request-Id: ${requestId}`);
  if (retryAfterS !== undefined) lines.push(`Retry-After: ${retryAfterS}`);
  if (close) lines.push("Connection: close");
  // The id may hold obs-text, which goes back as it came: a byte for a character.
  const head = Uint8Array.from(`${lines.join("\r\n")}\r\n\r\n`, (letter) => letter.charCodeAt(0));
  return withBody ? concat(head, bodyBytes) : head;
}

function bodyOf({ message }: FailureMessage): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(failureBody(message)));
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
