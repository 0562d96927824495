/**
 * From the `Response` of the API's handler to bytes on the connection (RFC 9112, sections 4, 6, 7).
 *
 * @module
 */
import { STATUS_TEXT } from "@std/http/status";

/** What a response needs to know of its request. */
export interface ResponseContext {
  readonly method: string;
  /** Minor version of the client's HTTP/1. */
  readonly minor: 0 | 1;
  /** Whether the connection is closed behind the response. */
  readonly close: boolean;
}

/** Writes bytes to the client; rejects when it is gone, or takes nothing for too long. */
type WriteBytes = (bytes: Uint8Array) => Promise<void>;

/** The server frames messages itself. */
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
 * Whether a response has no end of its own: it is sent as it comes. Any other is sent as a whole,
 * with its length.
 *
 * @param response the response
 */
export function isStream(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("text/event-stream") === true;
}

/**
 * Sends a response that is a whole.
 *
 * @param response the response
 * @param context what is known of its request
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
 * Sends a response that comes in parts: in chunks, or up to the end of the connection.
 *
 * @param response the response
 * @param context what is known of its request; an HTTP/1.0 client needs `close`
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
  // Field values of the Headers class are bytes, a character for each.
  return Uint8Array.from(`${lines.join("\r\n")}\r\n\r\n`, (letter) => letter.charCodeAt(0));
}

/** RFC 9110, section 8.6: what HEAD is answered may have none, 204 and 304 have none. */
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
