/**
 * The cookies of a request: `name=value` pairs, parted by semicolons, in one or more Cookie fields
 * (RFC 6265, section 4.2.1; proxies that translate from HTTP/2 may send several fields). Spaces and
 * tabs around names and values are ignored, as servers do.
 *
 * @module
 */
import { COOKIE } from "./field_kind.ts";
import type { Fields } from "./fields.ts";
import { isSpace } from "./line_repair.ts";
import { ascii, copy, writeBytes } from "./writer.ts";

const SEMICOLON = 59;
const EQUALS = 61;
const NO_BYTES = new Uint8Array();

/**
 * Reads the pairs of a request one after the other, without allocation. One object is reused for
 * all requests.
 *
 * @example
 * ```ts
 * import { CookiePairs } from "./cookie_pairs.ts";
 * import { latin1 } from "./latin1.ts";
 * import type { Fields } from "./fields.ts";
 *
 * function names(bytes: Uint8Array, fields: Fields): string[] {
 *   const found: string[] = [];
 *   const pairs = new CookiePairs();
 *   for (pairs.begin(bytes, fields); pairs.next();) {
 *     found.push(latin1(bytes, pairs.start, pairs.nameEnd));
 *   }
 *   return found;
 * }
 * ```
 */
export class CookiePairs {
  /** Index of the field that holds the present pair. */
  field = -1;
  /** Index of the pair's first byte. */
  start = 0;
  /** Index behind the name; equal to the start for a pair without an equals sign. */
  nameEnd = 0;
  valueStart = 0;
  /** Index behind the value, and so behind the pair. */
  end = 0;
  #bytes: Uint8Array = NO_BYTES;
  #fields!: Fields;
  /** Index of the next unread byte, and behind the present field's value. */
  #at = 0;
  #fieldEnd = 0;

  /**
   * Begins with the first pair of a request.
   *
   * @param bytes buffer that was parsed
   * @param fields the request's fields
   */
  begin(bytes: Uint8Array, fields: Fields): void {
    this.#bytes = bytes;
    this.#fields = fields;
    this.field = -1;
    this.#at = this.#fieldEnd = 0;
  }

  /** Goes on to the next pair. @returns false behind the last one */
  next(): boolean {
    while (this.#at >= this.#fieldEnd) if (!this.#nextField()) return false;
    const bytes = this.#bytes;
    let end = this.#at;
    while (end < this.#fieldEnd && bytes[end] !== SEMICOLON) end++;
    const from = this.#at;
    this.#at = end + 1;
    this.#take(from, end);
    return true;
  }

  /** Whether the present pair has this name; names of cookies are case-sensitive. */
  isNamed(name: Uint8Array): boolean {
    if (this.nameEnd - this.start !== name.length) return false;
    for (let i = 0; i < name.length; i++) {
      if (this.#bytes[this.start + i] !== name[i]) return false;
    }
    return true;
  }

  #nextField(): boolean {
    const fields = this.#fields;
    while (++this.field < fields.count) {
      if (fields.kind(this.field) !== COOKIE) continue;
      this.#at = fields.valueStart(this.field);
      this.#fieldEnd = fields.valueEnd(this.field);
      return true;
    }
    return false;
  }

  /** @param from index of the pair's first byte @param to index of the semicolon behind it */
  #take(from: number, to: number): void {
    const bytes = this.#bytes;
    this.start = afterBlanks(bytes, from, to);
    this.end = beforeBlanks(bytes, this.start, to);
    let equals = this.start;
    while (equals < this.end && bytes[equals] !== EQUALS) equals++;
    if (equals === this.end) {
      this.nameEnd = this.start;
      this.valueStart = this.start;
      return;
    }
    this.nameEnd = beforeBlanks(bytes, this.start, equals);
    this.valueStart = afterBlanks(bytes, equals + 1, this.end);
  }
}

function afterBlanks(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isSpace(bytes[at]!)) at++;
  return at;
}

function beforeBlanks(bytes: Uint8Array, start: number, from: number): number {
  let at = from;
  while (at > start && isSpace(bytes[at - 1]!)) at--;
  return at;
}

const COOKIE_FIELD = ascii("Cookie: ");
const LINE_END = ascii("\r\n");
const SEPARATOR = ascii("; ");
const written = new CookiePairs();

/**
 * Writes the Cookie fields of a request without the cookies of one name. A field that holds only
 * such cookies is left out.
 *
 * @param out buffer to write to, with room for the received fields
 * @param at index of the first byte to write
 * @param bytes buffer that was parsed
 * @param fields the request's fields
 * @param name name of the cookies to leave out
 * @returns index after the last byte written
 */
export function writeCookiesWithout(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  fields: Fields,
  name: Uint8Array,
): number {
  let to = at;
  let field = -1;
  for (written.begin(bytes, fields); written.next();) {
    if (written.start === written.end || written.isNamed(name)) continue;
    if (written.field !== field) {
      if (field >= 0) to = writeBytes(out, to, LINE_END);
      field = written.field;
      to = writeBytes(out, to, COOKIE_FIELD);
    } else to = writeBytes(out, to, SEPARATOR);
    to = copy(out, to, bytes, written.start, written.end);
  }
  return field < 0 ? to : writeBytes(out, to, LINE_END);
}
