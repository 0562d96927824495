/**
 * Kinds of the fields that a proxy has to know; names are first compared by their length.
 *
 * @module
 */

import { BYTE_CLASSES } from "./byte_class.ts";
import { isOriginName, ORIGIN_NAMES } from "./origin_fields.ts";
import { ascii } from "./writer.ts";

/** A field without a meaning for the proxy. */
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
/** Forwarded, since the trailer section of a chunked body is forwarded, too. */
export const TRAILER = 10;
export const X_FORWARDED_PORT = 11;
/** Another field that names a request's origin: see `origin_fields.ts`. */
export const ORIGIN = 12;
export const MAX_FORWARDS = 13;
export const DATE = 14;
/** An unknown field whose name has an underscore. */
export const UNDERSCORED = 15;
/** A field whose name a gateway may fold onto one of the known names. */
export const FOLDED = 16;
export const AUTHORIZATION = 17;
export const WWW_AUTHENTICATE = 18;
// From here on: fields that concern one connection.
export const CONNECTION = 19;
export const KEEP_ALIVE = 20;
export const PROXY_AUTHENTICATE = 21;
export const PROXY_AUTHORIZATION = 22;
export const PROXY_CONNECTION = 23;
export const TE = 24;
export const TRANSFER_ENCODING = 25;
export const UPGRADE = 26;
export const HTTP2_SETTINGS = 27;
/** A field that Connection names. */
export const NOMINATED = 28;
/** A field that this proxy writes itself. */
export const HIDDEN = 29;

/** One bit for each kind: the fields that stop at every proxy. */
export const HOP_BY_HOP_BITS = (1 << 30) - (1 << CONNECTION);

/**
 * Whether fields of this kind stop at this proxy (RFC 9110, 7.6.1; Proxy-Authenticate and
 * Proxy-Authorization by 11.7; HTTP2-Settings by RFC 7540, 3.2.1).
 *
 * @param kind one of the constants of this module
 */
export function isHopByHop(kind: number): boolean {
  return kind >= CONNECTION;
}

const PROTECTED_BITS = (1 << TRAILER) - (1 << HOST) | 1 << X_FORWARDED_PORT | 1 << ORIGIN |
  1 << MAX_FORWARDS | 1 << TRANSFER_ENCODING;

/**
 * Whether Connection must not name fields of this kind: an attacker could make a proxy remove
 * fields that frame, route or attribute a request (RFC 9110, 7.6.1).
 *
 * @param kind one of the constants of this module
 */
export function isProtected(kind: number): boolean {
  return (PROTECTED_BITS & 1 << kind) !== 0;
}

const NOMINABLE_BITS = 1 << OTHER | 1 << TRAILER | 1 << DATE | 1 << UNDERSCORED |
  1 << AUTHORIZATION | 1 << WWW_AUTHENTICATE;

/**
 * Whether a field of this kind becomes {@linkcode NOMINATED} when Connection names it. Fields of
 * other kinds are not forwarded anyway, or must not be named.
 *
 * @param kind one of the constants of this module
 */
export function isNominable(kind: number): boolean {
  return (NOMINABLE_BITS & 1 << kind) !== 0;
}

const UNFIT_FOR_TRAILERS = ~(1 << OTHER | 1 << DATE | 1 << UNDERSCORED | 1 << AUTHORIZATION |
  1 << WWW_AUTHENTICATE);

/**
 * Whether a trailer section may hold fields of this kind: none that frames, routes, attributes or
 * concerns the connection (RFC 9110, 6.5.1).
 *
 * @param kind one of the constants of this module
 */
export function isTrailerKind(kind: number): boolean {
  return (UNFIT_FOR_TRAILERS & 1 << kind) === 0;
}

const NAME_TE = ascii("te");
const NAME_VIA = ascii("via");
const NAME_DATE = ascii("date");
const NAME_HOST = ascii("host");
const NAME_COOKIE = ascii("cookie");
const NAME_EXPECT = ascii("expect");
const NAME_UPGRADE = ascii("upgrade");
const NAME_TRAILER = ascii("trailer");
const NAME_CONNECTION = ascii("connection");
const NAME_KEEP_ALIVE = ascii("keep-alive");
const NAME_MAX_FORWARDS = ascii("max-forwards");
const NAME_X_REQUEST_ID = ascii("x-request-id");
const NAME_AUTHORIZATION = ascii("authorization");
const NAME_CONTENT_LENGTH = ascii("content-length");
const NAME_HTTP2_SETTINGS = ascii("http2-settings");
const NAME_X_FORWARDED_FOR = ascii("x-forwarded-for");
const NAME_WWW_AUTHENTICATE = ascii("www-authenticate");
const NAME_X_FORWARDED_HOST = ascii("x-forwarded-host");
const NAME_X_FORWARDED_PORT = ascii("x-forwarded-port");
const NAME_PROXY_CONNECTION = ascii("proxy-connection");
const NAME_TRANSFER_ENCODING = ascii("transfer-encoding");
const NAME_X_FORWARDED_PROTO = ascii("x-forwarded-proto");
const NAME_PROXY_AUTHENTICATE = ascii("proxy-authenticate");
const NAME_PROXY_AUTHORIZATION = ascii("proxy-authorization");

/** Every known name, and the beginning of X-Forwarded-*, which may be longer. */
const NAMES = [
  NAME_TE,
  NAME_VIA,
  NAME_DATE,
  NAME_HOST,
  NAME_COOKIE,
  NAME_EXPECT,
  NAME_UPGRADE,
  NAME_TRAILER,
  NAME_CONNECTION,
  NAME_KEEP_ALIVE,
  NAME_MAX_FORWARDS,
  NAME_X_REQUEST_ID,
  NAME_CONTENT_LENGTH,
  NAME_HTTP2_SETTINGS,
  NAME_X_FORWARDED_FOR,
  NAME_X_FORWARDED_HOST,
  NAME_X_FORWARDED_PORT,
  NAME_PROXY_CONNECTION,
  NAME_TRANSFER_ENCODING,
  NAME_X_FORWARDED_PROTO,
  NAME_PROXY_AUTHENTICATE,
  NAME_PROXY_AUTHORIZATION,
  NAME_AUTHORIZATION,
  NAME_WWW_AUTHENTICATE,
];

/** By length of a name: one bit for each first letter of the known names of that length. */
const LONGEST = 63;
const FIRST_LETTERS = firstLetters();

function firstLetters(): Int32Array {
  const letters = new Int32Array(LONGEST + 1).fill(1 << 24, "x-forwarded-".length);
  for (const name of [...NAMES, ...ORIGIN_NAMES.map((name) => ascii(name))]) {
    letters[name.length]! |= 1 << (name[0]! & 31);
  }
  return letters;
}

/**
 * Returns the kind of a field from the letters of its name; see {@linkcode oddKindOf} for names
 * with characters other than letters, digits and hyphens.
 *
 * @param bytes buffer that holds the name, which must be a token
 * @param start index of its first byte
 * @param end index after its last byte
 */
export function kindOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  // Most fields are unknown: the first letter decides.
  const letters = length <= 63 ? FIRST_LETTERS[length]! : 1 << 24;
  if ((letters & 1 << (bytes[start]! & 31)) === 0) return 0;
  switch (length) {
    case 2:
      return is(bytes, start, NAME_TE) ? TE : 0;
    case 3:
      return is(bytes, start, NAME_VIA) ? VIA : 0;
    case 4:
      if (is(bytes, start, NAME_HOST)) return HOST;
      return is(bytes, start, NAME_DATE) ? DATE : 0;
    case 6:
      if (is(bytes, start, NAME_COOKIE)) return COOKIE;
      return is(bytes, start, NAME_EXPECT) ? EXPECT : 0;
    case 7:
      if (is(bytes, start, NAME_UPGRADE)) return UPGRADE;
      return is(bytes, start, NAME_TRAILER) ? TRAILER : 0;
    case 10:
      if (is(bytes, start, NAME_CONNECTION)) return CONNECTION;
      if (is(bytes, start, NAME_KEEP_ALIVE)) return KEEP_ALIVE;
      break;
    case 12:
      if (is(bytes, start, NAME_X_REQUEST_ID)) return X_REQUEST_ID;
      if (is(bytes, start, NAME_MAX_FORWARDS)) return MAX_FORWARDS;
      break;
    case 13:
      if (is(bytes, start, NAME_AUTHORIZATION)) return AUTHORIZATION;
      break;
    case 14:
      if (is(bytes, start, NAME_CONTENT_LENGTH)) return CONTENT_LENGTH;
      if (is(bytes, start, NAME_HTTP2_SETTINGS)) return HTTP2_SETTINGS;
      break;
    case 15:
      if (is(bytes, start, NAME_X_FORWARDED_FOR)) return X_FORWARDED_FOR;
      break;
    case 16:
      if (is(bytes, start, NAME_X_FORWARDED_HOST)) return X_FORWARDED_HOST;
      if (is(bytes, start, NAME_X_FORWARDED_PORT)) return X_FORWARDED_PORT;
      if (is(bytes, start, NAME_PROXY_CONNECTION)) return PROXY_CONNECTION;
      if (is(bytes, start, NAME_WWW_AUTHENTICATE)) return WWW_AUTHENTICATE;
      break;
    case 17:
      if (is(bytes, start, NAME_TRANSFER_ENCODING)) return TRANSFER_ENCODING;
      if (is(bytes, start, NAME_X_FORWARDED_PROTO)) return X_FORWARDED_PROTO;
      break;
    case 18:
      if (is(bytes, start, NAME_PROXY_AUTHENTICATE)) return PROXY_AUTHENTICATE;
      break;
    case 19:
      if (is(bytes, start, NAME_PROXY_AUTHORIZATION)) return PROXY_AUTHORIZATION;
      break;
  }
  return isOriginName(bytes, start, end) ? ORIGIN : 0;
}

/** Longer than every known name; of a longer name only the beginning is compared. */
const FOLD_BYTES = 64;
const HYPHEN = 45;
const UNDERSCORE = 95;
const folded = new Uint8Array(FOLD_BYTES);

/**
 * Returns the kind of a field whose name has a character other than letters, digits and hyphens.
 * Gateways that pass fields on as variables (CGI, RFC 3875, 4.1.18; FastCGI, WSGI, Rack) write an
 * underscore for a hyphen, and some of them for every such character: to the program behind them
 * `X_Real.IP` is `X-Real-IP`.
 *
 * @param bytes buffer that holds the name, which must be a token
 * @param start index of its first byte
 * @param end index after its last byte
 */
export function oddKindOf(bytes: Uint8Array, start: number, end: number): number {
  const length = Math.min(end - start, FOLD_BYTES);
  let kind = OTHER;
  for (let at = 0; at < length; at++) {
    const byte = bytes[start + at]!;
    if (byte === UNDERSCORE) kind = UNDERSCORED;
    folded[at] = (BYTE_CLASSES[byte]! & 64) !== 0 ? byte : HYPHEN;
  }
  if (kindOf(folded, 0, length) !== OTHER) return FOLDED;
  for (let at = start + length; at < end; at++) if (bytes[at] === UNDERSCORE) return UNDERSCORED;
  return kind;
}

/**
 * Returns the kind of a field with any characters in its name.
 *
 * @param bytes buffer that holds the name, which must be a token
 * @param start index of its first byte
 * @param end index after its last byte
 */
export function nameKindOf(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (BYTE_CLASSES[bytes[at]!]! & 64) !== 0) at++;
  return at === end ? kindOf(bytes, start, end) : oddKindOf(bytes, start, end);
}

/**
 * Whether a token of the same length is this name. Setting one bit folds the case: among the bytes
 * of a token only letters can become a letter or "-" by that.
 */
function is(bytes: Uint8Array, start: number, name: Uint8Array): boolean {
  for (let at = 0; at < name.length; at++) {
    if ((bytes[start + at]! | 0x20) !== name[at]) return false;
  }
  return true;
}

/**
 * Whether bytes are this word, case-insensitively.
 *
 * @param bytes buffer that holds the bytes, which must be a token
 * @param start index of the first byte
 * @param end index after the last byte
 * @param word the word in lower case
 */
export function isWord(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  return end - start === word.length && is(bytes, start, word);
}
