/**
 * Writes bytes without allocation into a buffer that has room for them.
 *
 * @module
 */

/**
 * Writes ASCII text.
 *
 * @param out buffer to write to
 * @param at index of the first byte to write
 * @param text the text
 * @returns index after the last byte written
 */
export function writeAscii(out: Uint8Array, at: number, text: string): number {
  const length = text.length;
  for (let i = 0; i < length; i++) out[at + i] = text.charCodeAt(i);
  return at + length;
}

/**
 * Returns the bytes of ASCII text, for texts that are written repeatedly.
 *
 * @param text the text
 */
export function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  writeAscii(bytes, 0, text);
  return bytes;
}

/**
 * Writes a few bytes: faster than {@linkcode writeAscii}, which checks the string's representation
 * at each letter.
 *
 * @param out buffer to write to
 * @param at index of the first byte to write
 * @param bytes the bytes
 * @returns index after the last byte written
 */
export function writeBytes(out: Uint8Array, at: number, bytes: Uint8Array): number {
  const length = bytes.length;
  for (let i = 0; i < length; i++) out[at + i] = bytes[i]!;
  return at + length;
}

/**
 * Writes a number in decimal digits.
 *
 * @param out buffer to write to
 * @param at index of the first byte to write
 * @param n an integer of at least 0
 * @returns index after the last byte written
 */
export function writeNumber(out: Uint8Array, at: number, n: number): number {
  let end = at + 1;
  for (let rest = n; rest >= 10; rest = Math.floor(rest / 10)) end++;
  let rest = n;
  for (let to = end - 1; to >= at; to--) {
    out[to] = 48 + rest % 10;
    rest = Math.floor(rest / 10);
  }
  return end;
}

/** Up to this length bytes are copied in a loop. */
const LOOP_BYTES = 72;

/**
 * Copies bytes from another buffer. From some length on a native copy is faster, though it
 * allocates a view.
 *
 * @param out buffer to write to
 * @param at index of the first byte to write
 * @param bytes buffer to read from
 * @param start index of the first byte to read
 * @param end index after the last byte to read
 * @returns index after the last byte written
 */
export function copy(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  if (end - start > LOOP_BYTES) out.set(bytes.subarray(start, end), at);
  else for (let from = start, to = at; from < end; from++, to++) out[to] = bytes[from]!;
  return at + end - start;
}
