/**
 * Writes the `Response` of the API's handler to the connection (RFC 9112, sections 4, 6, 7).
 *
 * @module
 */
import { STATUS_TEXT } from "@std/http/status";

/** The properties of the request that affect the response. */
export interface ResponseContext {
  readonly method: string;
  /** Minor version of the client's HTTP/1. */
  readonly minor: 0 | 1;
  /** Whether the connection is closed after the response. */
  readonly close: boolean;
}

/** Writes bytes to the client; rejects if the client is gone, or does not read in time. */
type WriteBytes = (bytes: Uint8Array) => Promise<void>;

/** Framing fields, which the server sets itself. */
const FRAMING: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "transfer-encoding",
]);

const LAST_CHUNK = new TextEncoder().encode("0\r\n\r\n");
const CRLF = new TextEncoder().encode("\r\n");

/**
 * Whether a response has no known end: such a response is streamed. Any other is sent whole, with
 * its length.
 *
 * @param response the response
 */
export function isStream(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("text/event-stream") === true;
}

/**
 * Sends a whole response.
 *
 * @param response the response
 * @param context the request's properties
 * @param write writes to the client
 */
export async function sendWhole(
  response: Response,
  context: ResponseContext,
  write: WriteBytes,
): Promise<void> {
  const body = response.body ? await response.bytes() : new Uint8Array();
  const framing = lengthOf(response, context, body.length);
  const head = headOf(response, context, framing);
  await write(context.method === "HEAD" || !mayHaveBody(response) ? head : joined(head, body));
}

/**
 * Streams a response: in chunks, or up to the end of the connection.
 *
 * @param response the response
 * @param context the request's properties; an HTTP/1.0 client needs `close`
 * @param parts the body
 * @param write writes to the client
 */
export async function sendParts(
  response: Response,
  context: ResponseContext,
  parts: ReadableStreamDefaultReader<Uint8Array>,
  write: WriteBytes,
): Promise<void> {
  const chunked = context.minor === 1;
  await write(headOf(response, context, chunked ? ["Transfer-Encoding: chunked"] : []));
  for (let part = await parts.read(); !part.done; part = await parts.read()) {
    if (part.value.length > 0) await write(chunked ? chunk(part.value) : part.value);
  }
  if (chunked) await write(LAST_CHUNK);
}

function headOf(
  response: Response,
  { minor, close }: ResponseContext,
  framing: readonly string[],
): Uint8Array<ArrayBuffer> {
  const { status, headers } = response;
  const lines = [`HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? ""}`];
  for (const [name, value] of headers) if (!FRAMING.has(name)) lines.push(`${name}: ${value}`);
  lines.push(`Date: ${new Date().toUTCString()}`, ...framing);
  if (close) lines.push("Connection: close");
  else if (minor === 0) lines.push("Connection: keep-alive");
  // Field values of the Headers class are bytes, one character each.
  return Uint8Array.from(`${lines.join("\r\n")}\r\n\r\n`, (letter) => letter.charCodeAt(0));
}

/** RFC 9110, section 8.6: a response to HEAD may omit the length, 204 and 304 have none. */
function lengthOf(response: Response, { method }: ResponseContext, bytes: number): string[] {
  if (!mayHaveBody(response)) return [];
  const given = response.headers.get("content-length");
  if (method === "HEAD") return given === null ? [] : [`Content-Length: ${given}`];
  return [`Content-Length: ${bytes}`];
}

function mayHaveBody({ status }: Response): boolean {
  return status !== 204 && status !== 304;
}

function chunk(bytes: Uint8Array): Uint8Array {
  const size = new TextEncoder().encode(`${bytes.length.toString(16)}\r\n`);
  return joined(size, bytes, CRLF);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
