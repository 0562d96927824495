/**
 * Values that are comma-separated lists of words (RFC 9110, 5.6.1).
 *
 * @module
 */

import { isSpace } from "./line_repair.ts";

/**
 * Whether a list has a word, case-insensitively.
 *
 * @param bytes buffer that holds the list
 * @param start index of its first byte
 * @param end index after its last byte
 * @param word the word in lower case
 */
export function listHas(
  bytes: Uint8Array,
  start: number,
  end: number,
  word: Uint8Array,
): boolean {
  for (let at = start; at < end; at = elementEnd(bytes, at, end) + 1) {
    if (isElement(bytes, at, elementEnd(bytes, at, end), word)) return true;
  }
  return false;
}

/**
 * Whether a list has an element that is neither empty nor this word.
 *
 * @param bytes buffer that holds the list
 * @param start index of its first byte
 * @param end index after its last byte
 * @param word the word in lower case
 */
export function listHasOther(
  bytes: Uint8Array,
  start: number,
  end: number,
  word: Uint8Array,
): boolean {
  for (let at = start; at < end; at = elementEnd(bytes, at, end) + 1) {
    const to = elementEnd(bytes, at, end);
    if (elementStart(bytes, at, to) < to && !isElement(bytes, at, to, word)) return true;
  }
  return false;
}

/** Index of the comma that ends an element, or `end`. */
export function elementEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== 44) at++;
  return at;
}

/** Index of the first byte of an element, after leading whitespace. */
export function elementStart(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isSpace(bytes[at]!)) at++;
  return at;
}

/**
 * Whether an element, without surrounding whitespace, is a word, case-insensitively.
 *
 * @param bytes buffer that holds the list
 * @param from index of its first byte
 * @param end index after its last byte
 * @param word the word in lower case
 */
export function isElement(
  bytes: Uint8Array,
  from: number,
  end: number,
  word: Uint8Array,
): boolean {
  const start = elementStart(bytes, from, end);
  const to = start + word.length;
  if (to > end || elementStart(bytes, to, end) !== end) return false;
  for (let at = 0; at < word.length; at++) {
    const byte = bytes[start + at]!;
    if ((byte >= 65 && byte <= 90 ? byte + 32 : byte) !== word[at]) return false;
  }
  return true;
}
