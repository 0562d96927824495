/**
 * Repairs malformed field lines of a response whose meaning is unambiguous: in place, without a
 * change of their length.
 *
 * @module
 */

import { BYTE_CLASSES } from "./byte_class.ts";

/** Whether a byte is a space or a tab. */
export function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9;
}

/**
 * Moves whitespace before the colon behind it. A proxy must not forward whitespace there (RFC 9112,
 * 5.1).
 *
 * @param bytes buffer that holds the line
 * @param from index of the first whitespace
 * @returns index of the colon, or `from` when something else follows the whitespace
 */
export function moveColon(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(bytes[at]!)) at++;
  if (bytes[at] !== 58) return from;
  bytes[at] = 32;
  bytes[from] = 58;
  return from;
}

/**
 * Joins a folded line to the field before it: a proxy replaces each fold by spaces (RFC 9112, 5.2).
 *
 * @param bytes buffer that holds the line
 * @param offsets offsets of the fields, six numbers for each field
 * @param field index of the field before the fold
 * @returns index just after the folded line, or -1 if it is malformed
 */
export function unfold(bytes: Uint8Array, offsets: Int32Array, field: number): number {
  const slot = field * 6;
  const from = offsets[slot + 4]!;
  let end = from;
  while ((BYTE_CLASSES[bytes[end]!]! & 2) !== 0) end++;
  if (bytes[end] !== 13 || bytes[end + 1] !== 10) return -1;
  bytes[from - 2] = bytes[from - 1] = 32;
  let start = offsets[slot + 2]!;
  let valueEnd = end;
  while (start < end && isSpace(bytes[start]!)) start++;
  while (valueEnd > start && isSpace(bytes[valueEnd - 1]!)) valueEnd--;
  offsets[slot + 2] = start;
  offsets[slot + 3] = valueEnd;
  return offsets[slot + 4] = end + 2;
}

/**
 * Replaces the control characters of a value by spaces (RFC 9110, 5.5).
 *
 * @param bytes buffer that holds the line
 * @param from index of the first control character
 * @returns index of the CRLF that ends the line, or -1 for a bare CR or LF or a NUL
 */
export function blankControls(bytes: Uint8Array, from: number): number {
  let end = from;
  while (bytes[end] !== 13 && bytes[end] !== 10 && bytes[end] !== 0) end++;
  if (bytes[end] !== 13 || bytes[end + 1] !== 10) return -1;
  for (let at = from; at < end; at++) if ((BYTE_CLASSES[bytes[at]!]! & 2) === 0) bytes[at] = 32;
  return end;
}
