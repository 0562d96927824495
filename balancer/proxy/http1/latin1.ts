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
  let i = start;
  for (; i + 8 <= end; i += 8) text += eight(bytes, i);
  for (; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

/** One string, not seven on the way to it. */
function eight(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(
    bytes[at]!,
    bytes[at + 1]!,
    bytes[at + 2]!,
    bytes[at + 3]!,
    bytes[at + 4]!,
    bytes[at + 5]!,
    bytes[at + 6]!,
    bytes[at + 7]!,
  );
}
