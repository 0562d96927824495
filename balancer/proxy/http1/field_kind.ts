/**
 * The fields that a proxy has to know, told apart by the length of their names first.
 *
 * @module
 */

import { ascii } from "./writer.ts";

/** A field that only its recipients know. */
export const OTHER = 0;
export const HOST = 1;
export const CONTENT_LENGTH = 2;
export const EXPECT = 3;
export const VIA = 4;
export const X_FORWARDED_FOR = 5;
export const X_FORWARDED_PROTO = 6;
export const X_FORWARDED_HOST = 7;
export const X_REQUEST_ID = 8;
export const COOKIE = 9;
/** Crosses, since the trailer section of a chunked body does too. */
export const TRAILER = 10;
// From here on: the fields that are about one connection.
export const CONNECTION = 11;
export const KEEP_ALIVE = 12;
export const PROXY_AUTHENTICATE = 13;
export const PROXY_AUTHORIZATION = 14;
export const PROXY_CONNECTION = 15;
export const TE = 16;
export const TRANSFER_ENCODING = 17;
export const UPGRADE = 18;
/** A field that Connection names. */
export const NOMINATED = 19;
/** A field that this proxy has its own word for. */
export const HIDDEN = 20;

/**
 * Whether fields of this kind stop at this proxy (RFC 9110, 7.6.1; Proxy-Authenticate and
 * Proxy-Authorization by 11.7).
 *
 * @param kind one of the constants of this module
 */
export function isHopByHop(kind: number): boolean {
  return kind >= 11;
}

/**
 * Whether Connection must not name fields of this kind: an attacker would use it to have a proxy
 * remove what frames, routes or attributes a request (RFC 9110, 7.6.1).
 *
 * @param kind one of the constants of this module
 */
export function isProtected(kind: number): boolean {
  return (kind >= 1 && kind <= 9) || kind === 17;
}

const NAME_TE = ascii("te");
const NAME_VIA = ascii("via");
const NAME_HOST = ascii("host");
const NAME_COOKIE = ascii("cookie");
const NAME_EXPECT = ascii("expect");
const NAME_UPGRADE = ascii("upgrade");
const NAME_TRAILER = ascii("trailer");
const NAME_CONNECTION = ascii("connection");
const NAME_KEEP_ALIVE = ascii("keep-alive");
const NAME_X_REQUEST_ID = ascii("x-request-id");
const NAME_CONTENT_LENGTH = ascii("content-length");
const NAME_X_FORWARDED_FOR = ascii("x-forwarded-for");
const NAME_X_FORWARDED_HOST = ascii("x-forwarded-host");
const NAME_PROXY_CONNECTION = ascii("proxy-connection");
const NAME_TRANSFER_ENCODING = ascii("transfer-encoding");
const NAME_X_FORWARDED_PROTO = ascii("x-forwarded-proto");
const NAME_PROXY_AUTHENTICATE = ascii("proxy-authenticate");
const NAME_PROXY_AUTHORIZATION = ascii("proxy-authorization");

/**
 * The kind of a field.
 *
 * @param bytes buffer that holds the name, which must be a token
 * @param start index of its first byte
 * @param end index after its last byte
 */
export function kindOf(bytes: Uint8Array, start: number, end: number): number {
  switch (end - start) {
    case 2:
      return is(bytes, start, NAME_TE) ? TE : 0;
    case 3:
      return is(bytes, start, NAME_VIA) ? VIA : 0;
    case 4:
      return is(bytes, start, NAME_HOST) ? HOST : 0;
    case 6:
      if (is(bytes, start, NAME_COOKIE)) return COOKIE;
      return is(bytes, start, NAME_EXPECT) ? EXPECT : 0;
    case 7:
      if (is(bytes, start, NAME_UPGRADE)) return UPGRADE;
      return is(bytes, start, NAME_TRAILER) ? TRAILER : 0;
    case 10:
      if (is(bytes, start, NAME_CONNECTION)) return CONNECTION;
      return is(bytes, start, NAME_KEEP_ALIVE) ? KEEP_ALIVE : 0;
    case 12:
      return is(bytes, start, NAME_X_REQUEST_ID) ? X_REQUEST_ID : 0;
    case 14:
      return is(bytes, start, NAME_CONTENT_LENGTH) ? CONTENT_LENGTH : 0;
    case 15:
      return is(bytes, start, NAME_X_FORWARDED_FOR) ? X_FORWARDED_FOR : 0;
    case 16:
      if (is(bytes, start, NAME_X_FORWARDED_HOST)) return X_FORWARDED_HOST;
      return is(bytes, start, NAME_PROXY_CONNECTION) ? PROXY_CONNECTION : 0;
    case 17:
      if (is(bytes, start, NAME_TRANSFER_ENCODING)) return TRANSFER_ENCODING;
      return is(bytes, start, NAME_X_FORWARDED_PROTO) ? X_FORWARDED_PROTO : 0;
    case 18:
      return is(bytes, start, NAME_PROXY_AUTHENTICATE) ? PROXY_AUTHENTICATE : 0;
    case 19:
      return is(bytes, start, NAME_PROXY_AUTHORIZATION) ? PROXY_AUTHORIZATION : 0;
    default:
      return 0;
  }
}

/**
 * Whether a token of the same length is this name. Case folds by setting one bit: among the bytes of
 * a token only the letters can become a letter or "-" by that.
 */
function is(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let at = 0; at < name.length; at++) {
    if ((bytes[start + at]! | 0x20) !== name[at]) return false;
  }
  return true;
}

/**
 * Whether bytes are this word in any case.
 *
 * @param bytes buffer that holds the bytes, which must be a token
 * @param start index of the first byte
 * @param end index after the last byte
 * @param word the word in lower case
 */
export function isWord(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  return end - start === word.length && is(bytes, start, word);
}
