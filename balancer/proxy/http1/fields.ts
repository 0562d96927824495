/**
 * The field section of a message as offsets into its bytes.
 *
 * @module
 */

import { BYTE_CLASSES } from "./byte_class.ts";
import { type Fault, FAULTS } from "./fault.ts";
import {
  CONNECTION,
  CONTENT_LENGTH,
  HIDDEN,
  isNominable,
  isProtected,
  isWord,
  kindOf,
  nameKindOf,
  NOMINATED,
  oddKindOf,
  OTHER,
  TRANSFER_ENCODING,
} from "./field_kind.ts";
import { blankControls, isSpace, moveColon, unfold } from "./line_repair.ts";
import { ascii } from "./writer.ts";

const MAX_OPTIONS = 64;
const CLOSE = ascii("close");
const KEEP_ALIVE_OPTION = ascii("keep-alive");
const UPGRADE_OPTION = ascii("upgrade");

/**
 * Field lines in order of arrival (RFC 9112, 5). One object is reused for all messages: parsing
 * allocates only when a message has more fields than any before.
 */
export class Fields {
  /** Number of field lines. */
  count = 0;
  /** Index just after the empty line that ends them. */
  end = 0;
  /** Whether Connection has the option `close`; known after {@linkcode Fields.nominate}. */
  close = false;
  /** Whether Connection has the option `keep-alive`; known after {@linkcode Fields.nominate}. */
  keepAlive = false;
  /** Whether Connection has the option `upgrade`; known after {@linkcode Fields.nominate}. */
  upgrade = false;
  /** Six numbers for each field: line start, name end, value start, value end, line end, kind. */
  #offsets = new Int32Array(6 * 32);
  readonly #lenient: boolean;

  /**
   * @param lenient whether malformed lines with an unambiguous meaning are repaired in place: for
   *   responses, which a proxy has to repair (RFC 9112, 5.1 and 5.2)
   */
  constructor(lenient = false) {
    this.#lenient = lenient;
  }

  /** Index of the first byte of the name of field `i`. */
  lineStart(i: number): number {
    return this.#offsets[i * 6]!;
  }

  /** Index of the colon after the name of field `i`. */
  nameEnd(i: number): number {
    return this.#offsets[i * 6 + 1]!;
  }

  /** Index of the first byte of the value of field `i`, without surrounding whitespace. */
  valueStart(i: number): number {
    return this.#offsets[i * 6 + 2]!;
  }

  /** Index after the last byte of the value of field `i`, without surrounding whitespace. */
  valueEnd(i: number): number {
    return this.#offsets[i * 6 + 3]!;
  }

  /** Index just after the CRLF of field `i`. */
  lineEnd(i: number): number {
    return this.#offsets[i * 6 + 4]!;
  }

  /** Kind of field `i`: one of the constants of `field_kind.ts`. */
  kind(i: number): number {
    return this.#offsets[i * 6 + 5]!;
  }

  /**
   * Parses and validates field lines (RFC 9112, 5; RFC 9110, 5.5 and 5.6.2).
   *
   * @param bytes buffer that holds a head for which {@linkcode HeadScanner} has found an end
   * @param from index just after the first line
   * @param end index just after the empty line
   * @param maxFields largest number of field lines
   */
  parse(bytes: Uint8Array, from: number, end: number, maxFields: number): Fault | undefined {
    const fault = this.parseLines(bytes, from, maxFields);
    return fault ?? (this.end === end ? undefined : FAULTS.fieldsEnd);
  }

  /**
   * Parses a head whose end is not known: finds it, or returns a fault. One long function, since
   * calls would cost more than the few bytes of a field.
   *
   * @param bytes buffer that holds the lines, followed by a NUL
   * @param from index just after the first line
   * @param maxFields largest number of field lines
   */
  parseLines(bytes: Uint8Array, from: number, maxFields: number): Fault | undefined {
    const classes = BYTE_CLASSES;
    let offsets = this.#offsets;
    let at = from;
    let count = 0;
    this.count = 0;
    this.close = this.keepAlive = this.upgrade = false;
    while (bytes[at] !== 13) {
      if (count === maxFields) return FAULTS.tooManyFields;
      if (count * 6 === offsets.length) offsets = this.#grow();
      const start = at;
      while ((classes[bytes[at]!]! & 64) !== 0) at++;
      let odd = false;
      if (bytes[at] !== 58 || at === start) {
        const plainEnd = at;
        while ((classes[bytes[at]!]! & 1) !== 0) at++;
        odd = at > plainEnd;
        if (this.#lenient && isSpace(bytes[at]!)) {
          if (at > start) at = moveColon(bytes, at);
          else if (count > 0) {
            at = unfold(bytes, offsets, count - 1);
            if (at < 0) return FAULTS.fieldValue;
            continue;
          }
        }
        if (bytes[at] !== 58 || at === start) return nameFault(bytes, start, at);
      }
      const nameEnd = at++;
      while (bytes[at] === 32 || bytes[at] === 9) at++;
      let valueStart = at;
      while ((classes[bytes[at]!]! & 2) !== 0) at++;
      if (bytes[at] !== 13 || bytes[at + 1] !== 10) {
        if (!this.#lenient || isFraming(kindOf(bytes, start, nameEnd))) return FAULTS.fieldValue;
        at = blankControls(bytes, at);
        if (at < 0) return FAULTS.fieldValue;
        while (isSpace(bytes[valueStart]!)) valueStart++;
      }
      let valueEnd = at;
      while (valueEnd > valueStart && (bytes[valueEnd - 1] === 32 || bytes[valueEnd - 1] === 9)) {
        valueEnd--;
      }
      at += 2;
      const slot = count * 6;
      offsets[slot] = start;
      offsets[slot + 1] = nameEnd;
      offsets[slot + 2] = valueStart;
      offsets[slot + 3] = valueEnd;
      offsets[slot + 4] = at;
      offsets[slot + 5] = odd ? oddKindOf(bytes, start, nameEnd) : kindOf(bytes, start, nameEnd);
      count++;
    }
    this.count = count;
    this.end = at + 2;
    return bytes[at + 1] === 10 ? undefined : FAULTS.fieldsEnd;
  }

  /**
   * Reads the Connection fields: records the known options, and marks the fields that other options
   * name as {@linkcode NOMINATED}, so that they are not forwarded (RFC 9110, 7.6.1). An option that
   * names a field that frames or routes the message is a fault in a request, and ignored in a
   * response. An option may end with a semicolon; parameters behind it are ignored in a response
   * only.
   *
   * @param bytes buffer that was parsed
   */
  nominate(bytes: Uint8Array): Fault | undefined {
    let options = 0;
    for (let i = 0; i < this.count; i++) {
      if (this.kind(i) !== CONNECTION) continue;
      const end = this.valueEnd(i);
      let at = this.valueStart(i);
      while (at < end) {
        const start = at;
        while (at < end && (BYTE_CLASSES[bytes[at]!]! & 1) !== 0) at++;
        const next = this.#lenient ? pastComma(bytes, at, end) : afterComma(bytes, at, end);
        if (next < 0) return FAULTS.connectionOption;
        if (at > start) {
          if (++options > MAX_OPTIONS) return FAULTS.connectionOption;
          const fault = this.#option(bytes, start, at);
          if (fault !== undefined) return fault;
        }
        at = next;
      }
    }
    return undefined;
  }

  /**
   * Marks the fields of an unknown name, so that they are not forwarded.
   *
   * @param bytes buffer that was parsed
   * @param name the name in lower case
   */
  hide(bytes: Uint8Array, name: Uint8Array): void {
    for (let i = 0; i < this.count; i++) {
      if (this.kind(i) !== OTHER) continue;
      if (isWord(bytes, this.lineStart(i), this.nameEnd(i), name)) {
        this.#offsets[i * 6 + 5] = HIDDEN;
      }
    }
  }

  /** Marks field `i`, so that it is not forwarded: the proxy writes its own. */
  hideAt(i: number): undefined {
    this.#offsets[i * 6 + 5] = HIDDEN;
  }

  #option(bytes: Uint8Array, start: number, end: number): Fault | undefined {
    if (isWord(bytes, start, end, KEEP_ALIVE_OPTION)) this.keepAlive = true;
    else if (isWord(bytes, start, end, CLOSE)) this.close = true;
    else if (isWord(bytes, start, end, UPGRADE_OPTION)) this.upgrade = true;
    else if (isProtected(nameKindOf(bytes, start, end))) {
      return this.#lenient ? undefined : FAULTS.nomination;
    } else this.#mark(bytes, start, end);
    return undefined;
  }

  #mark(bytes: Uint8Array, start: number, end: number): void {
    for (let i = 0; i < this.count; i++) {
      if (!isNominable(this.kind(i))) continue;
      if (sameToken(bytes, this.lineStart(i), this.nameEnd(i), start, end)) {
        this.#offsets[i * 6 + 5] = NOMINATED;
      }
    }
  }

  #grow(): Int32Array<ArrayBuffer> {
    const larger = new Int32Array(this.#offsets.length * 2);
    larger.set(this.#offsets);
    this.#offsets = larger;
    return larger;
  }
}

function nameFault(bytes: Uint8Array, start: number, at: number): Fault {
  const space = bytes[at] === 32 || bytes[at] === 9;
  if (!space) return FAULTS.fieldName;
  return at === start ? FAULTS.obsFold : FAULTS.spaceBeforeColon;
}

function isFraming(kind: number): boolean {
  return kind === CONTENT_LENGTH || kind === TRANSFER_ENCODING;
}

/**
 * Index after whitespace, an optional final semicolon, a comma and whitespace; `end` at the end, or
 * -1 for any other text.
 */
function afterComma(bytes: Uint8Array, from: number, end: number): number {
  let at = afterSpace(bytes, from, end);
  if (bytes[at] === 59) at = afterSpace(bytes, at + 1, end);
  if (at >= end) return end;
  return bytes[at] === 44 ? afterSpace(bytes, at + 1, end) : -1;
}

/** Index after the next comma and whitespace, or `end`. */
function pastComma(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== 44) at++;
  return at === end ? end : afterSpace(bytes, at + 1, end);
}

function afterSpace(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && isSpace(bytes[at]!)) at++;
  return at;
}

function sameToken(
  bytes: Uint8Array,
  start: number,
  end: number,
  other: number,
  otherEnd: number,
): boolean {
  if (end - start !== otherEnd - other) return false;
  for (let at = start, to = other; at < end; at++, to++) {
    if (lower(bytes[at]!) !== lower(bytes[to]!)) return false;
  }
  return true;
}

function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}
