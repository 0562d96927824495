/**
 * The `Set-Cookie` fields of a response: the proxy's own one, and those of a replica that have its
 * name.
 *
 * @module
 */
import { isWord, OTHER } from "./field_kind.ts";
import type { Fields } from "./fields.ts";
import { ascii, writeAscii, writeBytes } from "./writer.ts";

/** The lines that set a cookie, in three parts: the text around the value is always the same. */
export interface SetCookie {
  /** Everything before the value. */
  readonly before: Uint8Array;
  /** The value, in ASCII. */
  readonly value: string;
  /** Everything behind the value, with the last line's end. */
  readonly after: Uint8Array;
}

/** Length of the lines in bytes. */
export function setCookieBytes({ before, value, after }: SetCookie): number {
  return before.length + value.length + after.length;
}

/**
 * Writes the lines.
 *
 * @param out buffer to write to, with room for {@linkcode setCookieBytes}
 * @param at index of the first byte to write
 * @param cookie the lines
 * @returns index after the last byte written
 */
export function writeSetCookie(out: Uint8Array, at: number, cookie: SetCookie): number {
  const to = writeAscii(out, writeBytes(out, at, cookie.before), cookie.value);
  return writeBytes(out, to, cookie.after);
}

const SET_COOKIE = ascii("set-cookie");
const EQUALS = 61;

/**
 * Marks the Set-Cookie fields that set a cookie of this name, so that they are not forwarded: the
 * cookie belongs to the proxy.
 *
 * @param fields the response's fields
 * @param bytes buffer that was parsed
 * @param name name of the cookie
 */
export function hideSetCookie(fields: Fields, bytes: Uint8Array, name: Uint8Array): void {
  for (let i = 0; i < fields.count; i++) {
    if (fields.kind(i) !== OTHER) continue;
    if (!isWord(bytes, fields.lineStart(i), fields.nameEnd(i), SET_COOKIE)) continue;
    if (sets(bytes, fields.valueStart(i), fields.valueEnd(i), name)) fields.hideAt(i);
  }
}

function sets(bytes: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  if (start + name.length >= end) return false;
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false;
  let at = start + name.length;
  while (at < end && (bytes[at] === 32 || bytes[at] === 9)) at++;
  return bytes[at] === EQUALS;
}
