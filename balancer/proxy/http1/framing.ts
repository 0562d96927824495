/**
 * Parses the values that frame a body, and the authority of a request.
 *
 * @module
 */

import { BYTE_CLASSES } from "./byte_class.ts";
import { isWord } from "./field_kind.ts";
import { isSpace } from "./line_repair.ts";
import { ascii } from "./writer.ts";

const CHUNKED = ascii("chunked");

/** Result of {@linkcode codingOf} for exactly `chunked`. */
export const CODING_CHUNKED = 0;
/** Result of {@linkcode codingOf} for codings that are well-formed and not supported. */
export const CODING_UNKNOWN = 1;
/** Result of {@linkcode codingOf} if the end of the body cannot be determined. */
export const CODING_MALFORMED = 2;

/**
 * Parses Content-Length (RFC 9110, 8.6): digits only, no list of equal numbers.
 *
 * @param bytes buffer that holds the value
 * @param start index of its first byte
 * @param end index after its last byte
 * @returns the length, or -1 if it is not a number of 1 to 15 digits
 */
export function parseLength(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > 15) return -1;
  let length = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 48;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
}

/**
 * Parses Content-Length as a list of equal numbers (RFC 9112, 6.3), which a response may have.
 *
 * @param bytes buffer that holds the value
 * @param start index of its first byte
 * @param end index after its last byte
 * @returns the number, or -1 if one is malformed or differs from another
 */
export function parseLengthList(bytes: Uint8Array, start: number, end: number): number {
  let length = -1;
  for (let from = start; from <= end; from++) {
    let to = from;
    while (to < end && bytes[to] !== 44) to++;
    let last = to;
    while (isSpace(bytes[from]!) && from < last) from++;
    while (last > from && isSpace(bytes[last - 1]!)) last--;
    const one = parseLength(bytes, from, last);
    if (one < 0 || (length >= 0 && one !== length)) return -1;
    length = one;
    from = to;
  }
  return length;
}

/**
 * Classifies the value of Transfer-Encoding (RFC 9112, 6.1 and 7).
 *
 * @param bytes buffer that holds the value
 * @param start index of its first byte
 * @param end index after its last byte
 */
export function codingOf(bytes: Uint8Array, start: number, end: number): number {
  if (isWord(bytes, start, end, CHUNKED)) return CODING_CHUNKED;
  let seen = false;
  for (let from = start; from <= end; from++) {
    let to = from;
    while (to < end && bytes[to] !== 44) to++;
    const kind = codingKind(bytes, from, to);
    if (seen || kind === CODING_MALFORMED) return CODING_MALFORMED;
    seen = kind === CODING_CHUNKED;
    from = to;
  }
  return CODING_UNKNOWN;
}

/** The kind of one coding of the list: parameters are ignored, but chunked must have none. */
function codingKind(bytes: Uint8Array, start: number, end: number): number {
  let from = start;
  while (from < end && (bytes[from] === 32 || bytes[from] === 9)) from++;
  let to = from;
  while (to < end && (BYTE_CLASSES[bytes[to]!]! & 1) !== 0) to++;
  if (to === from) return CODING_MALFORMED;
  const chunked = isWord(bytes, from, to, CHUNKED);
  while (to < end && (bytes[to] === 32 || bytes[to] === 9)) to++;
  if (to === end) return chunked ? CODING_CHUNKED : CODING_UNKNOWN;
  return chunked || bytes[to] !== 59 ? CODING_MALFORMED : CODING_UNKNOWN;
}

/**
 * Whether bytes are a host with an optional port (RFC 9110, 7.2; RFC 3986, 3.2.2): a name, an IPv4
 * address or an IPv6 address in brackets. User information is not allowed.
 *
 * @param bytes buffer that holds the bytes
 * @param start index of the first byte
 * @param end index after the last byte
 */
export function isAuthority(bytes: Uint8Array, start: number, end: number): boolean {
  const hostEnd = bytes[start] === 91 ? afterIpv6(bytes, start, end) : afterName(bytes, start, end);
  if (hostEnd <= start) return false;
  return hostEnd === end || (bytes[hostEnd] === 58 && isPort(bytes, hostEnd + 1, end));
}

function afterName(bytes: Uint8Array, start: number, end: number): number {
  const classes = BYTE_CLASSES;
  let at = start;
  while (at < end) {
    if ((classes[bytes[at]!]! & 8) !== 0) at++;
    else if (bytes[at] === 37 && isEscape(bytes, at, end)) at += 3;
    else break;
  }
  return at;
}

function isEscape(bytes: Uint8Array, at: number, end: number): boolean {
  return at + 2 < end && (BYTE_CLASSES[bytes[at + 1]!]! & BYTE_CLASSES[bytes[at + 2]!]! & 16) !== 0;
}

/** Index after the closing bracket, or -1. The longest address has 45 characters. */
function afterIpv6(bytes: Uint8Array, start: number, end: number): number {
  let at = start + 1;
  while (at < end && (BYTE_CLASSES[bytes[at]!]! & 32) !== 0) at++;
  const length = at - start - 1;
  return at < end && bytes[at] === 93 && length >= 2 && length <= 45 ? at + 1 : -1;
}

function isPort(bytes: Uint8Array, start: number, end: number): boolean {
  const port = parseLength(bytes, start, end);
  return start === end || (end - start <= 5 && port >= 0 && port <= 65535);
}
