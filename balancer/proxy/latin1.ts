/**
 * Bytes of a head as a string, one character a byte: the only reading of obs-text that loses
 * nothing (RFC 9110, section 5.5).
 *
 * @module
 */

/**
 * Decodes bytes.
 *
 * @param bytes where they are
 * @param start the first
 * @param end behind the last
 */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}
