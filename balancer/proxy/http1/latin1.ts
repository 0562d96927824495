/**
 * Decodes bytes of a head as a string, one character for each byte: the only decoding of obs-text
 * that loses nothing (RFC 9110, section 5.5).
 *
 * @module
 */

/**
 * Decodes bytes.
 *
 * @param bytes buffer that holds them
 * @param start index of the first byte
 * @param end index behind the last byte
 */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  let i = start;
  for (; i + 8 <= end; i += 8) text += eight(bytes, i);
  for (; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

/** Creates one string, without intermediate ones. */
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
