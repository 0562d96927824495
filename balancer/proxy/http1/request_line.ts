/**
 * Parses the parts of a request line: the method as a string, and the form of the target.
 *
 * @module
 */

import { BYTE_CLASSES } from "./byte_class.ts";
import { type Fault, FAULTS } from "./fault.ts";
import { isWord } from "./field_kind.ts";
import { ascii } from "./writer.ts";

const METHODS = ["GET", "PUT", "HEAD", "POST", "PATCH", "TRACE", "DELETE", "OPTIONS", "CONNECT"];
const METHOD_BYTES = METHODS.map((method) => ascii(method));
const HTTP = ascii("http");
const HTTPS = ascii("https");

/**
 * Returns the method as a string; a common one is not decoded. Methods are case-sensitive (RFC
 * 9110, 9.1).
 *
 * @param bytes buffer that holds the method, which must be a token
 * @param start index of its first byte
 * @param end index after its last byte
 */
export function methodOf(bytes: Uint8Array, start: number, end: number): string {
  if (end - start === 3 && bytes[start] === 71 && bytes[start + 1] === 69) {
    if (bytes[start + 2] === 84) return "GET";
  }
  for (let i = 0; i < METHODS.length; i++) {
    if (isExactly(bytes, start, end, METHOD_BYTES[i]!)) return METHODS[i]!;
  }
  let method = "";
  for (let at = start; at < end; at++) method += String.fromCharCode(bytes[at]!);
  return method;
}

function isExactly(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  if (end - start !== word.length) return false;
  for (let at = 0; at < word.length; at++) if (bytes[start + at] !== word[at]) return false;
  return true;
}

/**
 * Whether a request line seems to have a target in origin-form (RFC 9112, 3.2.1).
 *
 * @param bytes buffer that holds the line
 * @param start index of its first byte
 */
export function isOriginForm(bytes: Uint8Array, start: number): boolean {
  let at = start;
  while ((BYTE_CLASSES[bytes[at]!]! & 1) !== 0) at++;
  return bytes[at] === 32 && bytes[at + 1] === 47;
}

/**
 * Returns the minor version at the end of a request line (RFC 9112, 2.3): 0 for `HTTP/1.0`, 1 for
 * `HTTP/1.1` and later minor versions, which are read as 1.1.
 *
 * @param bytes buffer that holds the line
 * @param at index of the version's first byte
 * @returns the minor version, or why the request is refused
 */
export function versionAt(bytes: Uint8Array, at: number): 0 | 1 | Fault {
  const name = bytes[at] === 72 && bytes[at + 1] === 84 && bytes[at + 2] === 84 &&
    bytes[at + 3] === 80 && bytes[at + 4] === 47;
  const major = bytes[at + 5]! - 48;
  const minor = bytes[at + 7]! - 48;
  if (!name || !(major >= 0 && major <= 9) || bytes[at + 6] !== 46) return FAULTS.version;
  if (!(minor >= 0 && minor <= 9) || bytes[at + 8] !== 13) return FAULTS.version;
  if (bytes[at + 9] !== 10) return FAULTS.version;
  if (major !== 1) return FAULTS.unknownVersion;
  return minor === 0 ? 0 : 1;
}

/**
 * Returns the index of the authority of an absolute-form target (RFC 9112, 3.2.2), just after
 * `http://` or `https://`, or -1 if the target has no such prefix.
 *
 * @param bytes buffer that holds the target
 * @param start index of its first byte
 * @param end index after its last byte
 */
export function authorityStart(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (BYTE_CLASSES[bytes[at]!]! & 1) !== 0) at++;
  if (at + 2 >= end || bytes[at] !== 58 || bytes[at + 1] !== 47 || bytes[at + 2] !== 47) return -1;
  return isWord(bytes, start, at, HTTP) || isWord(bytes, start, at, HTTPS) ? at + 3 : -1;
}
