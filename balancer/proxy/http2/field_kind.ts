/**
 * The kinds of a request's fields, and the validation of a single field (RFC 9113, section 8.2).
 *
 * @module
 */
import { BYTE_CLASSES } from "../http1/byte_class.ts";
import { ascii } from "../http1/writer.ts";

// Kinds of fields, in `HeaderField.kind`.
const ORDINARY = 1;
export const MALFORMED = 2;
export const METHOD = 3;
export const SCHEME = 4;
export const PATH = 5;
export const AUTHORITY = 6;
export const HOST = 7;
export const COOKIE = 8;
export const LENGTH = 9;

const MAX_METHOD = 32;

/** Validates a field, and finds its kind (RFC 9113, sections 8.2 and 8.3). */
export function kindOf(name: Uint8Array, value: Uint8Array): number {
  if (name.length === 0) return MALFORMED;
  if (name[0] === COLON) return pseudoKind(name, value);
  if (!isFieldName(name) || !isFieldValue(value)) return MALFORMED;
  const known = KNOWN.get(name.length)?.find((one) => isText(name, one.name));
  if (!known) return ORDINARY;
  // RFC 9113, 8.2.2: TE is about the connection, but for one value.
  if (known.name === TE_NAME) return isText(value, TRAILERS) ? ORDINARY : MALFORMED;
  return known.kind;
}

function pseudoKind(name: Uint8Array, value: Uint8Array): number {
  if (isText(name, METHOD_NAME)) return isMethod(value) ? METHOD : MALFORMED;
  if (isText(name, PATH_NAME)) return isPath(value) ? PATH : MALFORMED;
  if (isText(name, AUTHORITY_NAME)) return isAuthority(value) ? AUTHORITY : MALFORMED;
  if (!isText(name, SCHEME_NAME)) return MALFORMED;
  return isText(value, HTTP) || isText(value, HTTPS) ? SCHEME : MALFORMED;
}

/** RFC 9113, 8.2.1, and a token as HTTP/1.1 demands it: no upper case, no control, no colon. */
function isFieldName(name: Uint8Array): boolean {
  return name.every((byte) => (BYTE_CLASSES[byte]! & 1) !== 0 && (byte < 65 || byte > 90));
}

/** RFC 9113, 8.2.1. Other control characters are refused with 400 by the parser of HTTP/1.1. */
function isFieldValue(value: Uint8Array): boolean {
  if (value.length === 0) return true;
  if (isSpace(value[0]!) || isSpace(value[value.length - 1]!)) return false;
  return value.every((byte) => byte !== 0 && byte !== 10 && byte !== 13);
}

function isMethod(value: Uint8Array): boolean {
  return value.length > 0 && value.length <= MAX_METHOD &&
    value.every((byte) => (BYTE_CLASSES[byte]! & 1) !== 0);
}

/** A path with its query, or the asterisk of OPTIONS; an absolute URI would name another host. */
function isPath(value: Uint8Array): boolean {
  if (value[0] !== SLASH && !(value[0] === ASTERISK && value.length === 1)) return false;
  return value.every(isVisible);
}

function isAuthority(value: Uint8Array): boolean {
  return value.length > 0 && value.every(isVisible);
}

function isVisible(byte: number): boolean {
  return byte > 32 && byte !== 127;
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9;
}

/** Whether bytes are a text. */
export function isText(bytes: Uint8Array | undefined, text: Uint8Array): boolean {
  if (bytes === undefined || bytes.length !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text[i]) return false;
  return true;
}

const COLON = 58;
const SLASH = 47;
export const ASTERISK = 42;
const METHOD_NAME = ascii(":method");
const SCHEME_NAME = ascii(":scheme");
const PATH_NAME = ascii(":path");
const AUTHORITY_NAME = ascii(":authority");
const TE_NAME = ascii("te");
const TRAILERS = ascii("trailers");
const HTTP = ascii("http");
const HTTPS = ascii("https");

/** Fields with a meaning here, by the length of their names. */
const KNOWN = new Map<number, { readonly name: Uint8Array; readonly kind: number }[]>();
for (
  const [name, kind] of [
    [ascii("host"), HOST],
    [ascii("cookie"), COOKIE],
    [ascii("content-length"), LENGTH],
    [TE_NAME, ORDINARY],
    // RFC 9113, 8.2.2.
    [ascii("connection"), MALFORMED],
    [ascii("proxy-connection"), MALFORMED],
    [ascii("keep-alive"), MALFORMED],
    [ascii("transfer-encoding"), MALFORMED],
    [ascii("upgrade"), MALFORMED],
  ] as const
) {
  const known = KNOWN.get(name.length) ?? [];
  known.push({ name, kind });
  KNOWN.set(name.length, known);
}
