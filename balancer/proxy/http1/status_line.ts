/**
 * Checks the first line of a response before its head is complete.
 *
 * @module
 */
import { BYTE_CLASSES } from "./byte_class.ts";
import { ascii } from "./writer.ts";

const PREFIX = ascii("HTTP/1.");

/**
 * Whether bytes can be the beginning of a status line (RFC 9112, section 4). If not, the rest need
 * not be awaited.
 *
 * @param bytes buffer that holds the bytes
 * @param start index of the first byte of the response
 * @param end index after the last available byte
 */
export function mayBeStatusLine(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (at - start >= 12 && byte === 13) return true;
    if (!fits(at - start, byte)) return false;
  }
  return true;
}

function fits(index: number, byte: number): boolean {
  if (index < PREFIX.length) return byte === PREFIX[index];
  const digit = byte - 48;
  if (index === 7) return digit === 0 || digit === 1;
  if (index === 8 || index === 12) return byte === 32;
  if (index < 12) return digit >= (index === 9 ? 1 : 0) && digit <= 9;
  return (BYTE_CLASSES[byte]! & 2) !== 0;
}
