/**
 * Writes the proxy's own field lines into a head.
 *
 * @module
 */

import type { Fields } from "./fields.ts";
import { ascii, copy, writeAscii, writeBytes, writeNumber } from "./writer.ts";

const LINE_END = ascii("\r\n");

/** Whether a field of this kind is present. */
export function has(fields: Fields, kind: number): boolean {
  for (let i = 0; i < fields.count; i++) if (fields.kind(i) === kind) return true;
  return false;
}

/** Writes the values of all fields of a kind as one list, and a comma behind it if `more` follows. */
export function writeValues(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  fields: Fields,
  kind: number,
  more: boolean,
): number {
  let to = at;
  for (let i = 0; i < fields.count; i++) {
    if (fields.kind(i) !== kind || fields.valueStart(i) === fields.valueEnd(i)) continue;
    to = copy(out, to, bytes, fields.valueStart(i), fields.valueEnd(i));
    out[to++] = 44;
    out[to++] = 32;
  }
  return more || to === at ? to : to - 2;
}

/** Writes a line whose value is a number. */
export function writeCount(out: Uint8Array, at: number, name: Uint8Array, count: number): number {
  return writeBytes(out, writeNumber(out, writeBytes(out, at, name), count), LINE_END);
}

/** Writes a line whose value is bytes: faster than a string. */
export function writeValue(
  out: Uint8Array,
  at: number,
  name: Uint8Array,
  value: Uint8Array,
): number {
  return writeBytes(out, writeBytes(out, writeBytes(out, at, name), value), LINE_END);
}

/** Writes a line whose value is ASCII text. */
export function writeText(out: Uint8Array, at: number, name: Uint8Array, value: string): number {
  return writeBytes(out, writeAscii(out, writeBytes(out, at, name), value), LINE_END);
}

/** Writes a line whose value is a part of another buffer. */
export function writeLine(
  out: Uint8Array,
  at: number,
  name: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  return writeBytes(out, copy(out, writeBytes(out, at, name), bytes, start, end), LINE_END);
}
