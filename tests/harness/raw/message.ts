/**
 * Messages as they go over the wire, and their bytes.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** A message as it came over a raw connection. */
export interface RawMessage {
  /** First line, without its line end. */
  readonly line: string;
  /** Field lines as they came, without line ends. */
  readonly fields: readonly string[];
  /** The body as it came, chunks and trailers included. */
  readonly raw: string;
  /** The body without its framing. */
  readonly body: string;
}

/** The value of the only field of that name; all of them, parted by "|", if there are several. */
export function field({ fields }: RawMessage, name: string): string | undefined {
  const start = `${name.toLowerCase()}:`;
  const values = fields.filter((line) => line.toLowerCase().startsWith(start))
    .map((line) => line.slice(start.length).trim());
  return values.length === 0 ? undefined : values.join("|");
}

/** The status code of a response. */
export function statusOf({ line }: RawMessage): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(line)?.[1]);
}

/** Text to bytes and back, one byte a character. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

/** The other way round. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** A request without a body. */
export function get(path = "/", ...fields: string[]): string {
  return [`GET ${path} HTTP/1.1`, "Host: a.example", ...fields, "", ""].join("\r\n");
}
