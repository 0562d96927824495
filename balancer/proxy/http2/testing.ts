/**
 * Frames as a client sends them, for tests.
 *
 * @module
 */
import { latin1 } from "../http1/latin1.ts";
import { ascii } from "../http1/writer.ts";
import * as frame from "./frame.ts";
import type { HeaderField } from "./header_field.ts";
import { HpackDecoder } from "./hpack_decoder.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A name and a value. */
export type Pair = readonly [name: string, value: string];

/** One frame, taken apart. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Bytes;
}

/** A request without a body. */
export const GET: readonly Pair[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "a.example"],
];

/** A request with a body, or without one. */
export const POST: readonly Pair[] = [[":method", "POST"], ...GET.slice(1)];

/** Both flags of a request in one frame. */
export const END = frame.END_HEADERS | frame.END_STREAM;

/** Joins bytes. */
export function join(...parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A frame of any form, right or wrong. */
export function frameOf(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array | readonly number[] = [],
): Bytes {
  const out = new Uint8Array(frame.FRAME_HEADER_BYTES + payload.length);
  out.set(payload, frame.writeFrameHeader(out, 0, payload.length, type, flags, stream));
  return out;
}

/** A number of four bytes. */
export function number32(value: number): Bytes {
  const out = new Uint8Array(4);
  frame.write32(out, 0, value);
  return out;
}

/** A block of fields as literals without indexing and without Huffman code. */
export function blockOf(fields: readonly Pair[]): Bytes {
  const text = ([name, value]: Pair) => [[0], lengthOf(name), ascii(name), lengthOf(value), value];
  const parts = fields.flatMap(text).map((part) =>
    typeof part === "string" ? Uint8Array.from(part, (c) => c.charCodeAt(0)) : Uint8Array.from(part)
  );
  return join(...parts);
}

/** RFC 7541, 5.1, with a prefix of seven bits. */
function lengthOf({ length }: string): number[] {
  if (length < 127) return [length];
  const bytes = [127];
  let rest = length - 127;
  for (; rest >= 128; rest >>= 7) bytes.push(rest & 127 | 128);
  return [...bytes, rest];
}

/** HEADERS with a whole block. */
export function headers(stream: number, fields: readonly Pair[], flags: number = END): Bytes {
  return frameOf(frame.HEADERS, flags, stream, blockOf(fields));
}

/** DATA. */
export function data(stream: number, content: string | Uint8Array, flags = 0): Bytes {
  return frameOf(frame.DATA, flags, stream, typeof content === "string" ? ascii(content) : content);
}

/** SETTINGS. */
export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Bytes {
  const bytes = pairs.flatMap(([id, value]) => [id >> 8, id & 255, ...number32(value)]);
  return frameOf(frame.SETTINGS, 0, 0, bytes);
}

/** WINDOW_UPDATE. */
export function windowUpdate(stream: number, bytes: number): Bytes {
  return frameOf(frame.WINDOW_UPDATE, 0, stream, number32(bytes));
}

/** RST_STREAM. */
export function resetOf(stream: number, code: number): Bytes {
  return frameOf(frame.RST_STREAM, 0, stream, number32(code));
}

/** The preface and empty SETTINGS: the least that a client sends. */
export const START: Bytes = join(frame.PREFACE, settings());

/** Takes frames apart. @returns the whole ones, and the rest */
export function framesIn(bytes: Bytes): { frames: Frame[]; rest: Bytes } {
  const frames: Frame[] = [];
  let at = 0;
  while (bytes.length - at >= frame.FRAME_HEADER_BYTES) {
    const end = at + frame.FRAME_HEADER_BYTES + frame.read24(bytes, at);
    if (end > bytes.length) break;
    frames.push({
      type: bytes[at + 3]!,
      flags: bytes[at + 4]!,
      stream: frame.read31(bytes, at + 5),
      payload: bytes.slice(at + frame.FRAME_HEADER_BYTES, end),
    });
    at = end;
  }
  return { frames, rest: bytes.slice(at) };
}

/** Decodes the blocks of fields of one connection. */
export class FieldReader {
  readonly #decoder = new HpackDecoder();

  /** The fields of HEADERS, names and values joined by ": ". */
  read({ payload }: Frame): string[] {
    const fields: string[] = [];
    const text = (bytes: Uint8Array) => latin1(bytes, 0, bytes.length);
    const add = ({ name, value }: HeaderField) => fields.push(`${text(name)}: ${text(value)}`);
    this.#decoder.decode(payload, 0, payload.length, { add });
    return fields;
  }
}
