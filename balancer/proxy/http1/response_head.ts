/**
 * The head of a response: the facts that the proxy needs, as indexes into its bytes.
 *
 * @module
 */

import { BYTE_CLASSES } from "./byte_class.ts";
import { isConnectionAuth } from "./connection_auth.ts";
import { type Fault, FAULTS, ofUpstream } from "./fault.ts";
import * as kinds from "./field_kind.ts";
import { Fields } from "./fields.ts";
import { CODING_CHUNKED, codingOf, parseLength, parseLengthList } from "./framing.ts";
import { blankControls, isSpace } from "./line_repair.ts";

/**
 * A response head. One object is reused for all responses; its content is valid as long as the
 * parsed bytes stay in place.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ResponseHead } from "./response_head.ts";
 *
 * const bytes = new TextEncoder().encode("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
 * const head = new ResponseHead();
 * assertEquals(head.parse(bytes, 0, bytes.length, 100), undefined);
 * assertEquals([head.status, head.contentLength], [404, 0]);
 * ```
 */
export class ResponseHead {
  /** The field lines. */
  readonly fields: Fields = new Fields(true);
  /** Index of the first byte of the head. */
  start = 0;
  /** Index just after the empty line. */
  end = 0;
  status = 0;
  minor: 0 | 1 = 1;
  reasonStart = 0;
  /** Index after the reason: equal to the start if there is none. */
  reasonEnd = 0;
  /** Length of the body, or -1 without Content-Length. */
  contentLength = -1;
  /** Whether the length was given as a list of equal numbers: it is forwarded as one number. */
  lengthListed = false;
  chunked = false;
  /** Whether the upstream lets the connection persist, if its body has an end (RFC 9112, 9.3). */
  keepAlive = true;
  /** Whether the upstream names a protocol to switch to (RFC 9110, 7.8). */
  upgrade = false;
  /** Index of the first X-Request-Id among the fields, or -1. */
  requestIdField = -1;
  /** Whether it has a Date field. */
  dated = false;
  /** Whether it asks for credentials that authenticate the connection: see `connection_auth.ts`. */
  connectionAuth = false;
  #encodingSeen = false;
  #connectionSeen = false;
  #upgradeSeen = false;

  /**
   * Parses and validates a head. Malformed parts that leave the framing unambiguous are repaired in
   * place; the status of every fault is 502.
   *
   * @param bytes buffer that holds the head
   * @param start index of its first byte
   * @param headEnd index just after the empty line, as found by {@linkcode HeadScanner}
   * @param maxFields largest number of field lines
   * @returns why the response is refused; undefined if it is accepted
   */
  parse(bytes: Uint8Array, start: number, headEnd: number, maxFields: number): Fault | undefined {
    this.#reset(start, headEnd);
    const fault = this.#statusLine(bytes, start) ??
      this.fields.parse(bytes, this.reasonEnd + 2, headEnd, maxFields) ??
      this.#readFields(bytes) ?? this.#conclude(bytes);
    return fault === undefined ? undefined : ofUpstream(fault);
  }

  /**
   * Parses a complete and valid head whose end is not known, in one pass. {@linkcode HeadScanner}
   * and {@linkcode parse} handle any other head.
   *
   * @param bytes buffer that holds the bytes; the byte behind them is overwritten
   * @param start index of the first byte
   * @param end index after the last byte, which may lie behind the head
   * @param maxFields largest number of field lines
   * @returns whether a head was parsed; if so, {@linkcode end} is its end
   */
  parseWhole(bytes: Uint8Array, start: number, end: number, maxFields: number): boolean {
    if (end >= bytes.length) return false;
    // A NUL is never part of a head, so every search for an end stops there.
    bytes[end] = 0;
    this.#reset(start, start);
    if (this.#statusLine(bytes, start) !== undefined) return false;
    if (this.fields.parseLines(bytes, this.reasonEnd + 2, maxFields) !== undefined) return false;
    this.end = this.fields.end;
    return (this.#readFields(bytes) ?? this.#conclude(bytes)) === undefined;
  }

  /**
   * Whether the response has no body, whatever its fields say (RFC 9112, 6.3).
   *
   * @param method method of the request
   */
  bodyless(method: string): boolean {
    return this.status < 200 || this.status === 204 || this.status === 304 || method === "HEAD";
  }

  #reset(start: number, headEnd: number): void {
    this.start = start;
    this.end = headEnd;
    this.contentLength = this.requestIdField = -1;
    this.chunked =
      this.upgrade =
      this.dated =
      this.lengthListed =
        false;
    this.connectionAuth = false;
    this.keepAlive = true;
    this.#encodingSeen = this.#connectionSeen = this.#upgradeSeen = false;
  }

  /**
   * RFC 9112, 4. Some servers send the space before an absent reason, others leave it out. A later
   * minor version is read as 1.1 (RFC 9110, 2.5).
   */
  #statusLine(bytes: Uint8Array, start: number): Fault | undefined {
    const name = bytes[start] === 72 && bytes[start + 1] === 84 && bytes[start + 2] === 84 &&
      bytes[start + 3] === 80 && bytes[start + 4] === 47;
    if (!name || bytes[start + 6] !== 46 || bytes[start + 8] !== 32) return FAULTS.statusLine;
    const minor = bytes[start + 7]! - 48;
    if (bytes[start + 5] !== 49 || !(minor >= 0 && minor <= 9)) return FAULTS.statusVersion;
    this.minor = minor === 0 ? 0 : 1;
    return this.#status(bytes, start + 9) ?? this.#reason(bytes, start + 12);
  }

  /** Codes from 600 are in use without a class: they are forwarded, and count as 5xx. */
  #status(bytes: Uint8Array, at: number): Fault | undefined {
    const hundreds = bytes[at]! - 48;
    const tens = bytes[at + 1]! - 48;
    const ones = bytes[at + 2]! - 48;
    if (!(hundreds >= 1 && hundreds <= 9)) return FAULTS.statusCode;
    if (!(tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9)) return FAULTS.statusCode;
    this.status = hundreds * 100 + tens * 10 + ones;
    return undefined;
  }

  #reason(bytes: Uint8Array, from: number): Fault | undefined {
    const classes = BYTE_CLASSES;
    let at = from;
    if (bytes[at] === 32) at++;
    else if (bytes[at] !== 13) return FAULTS.statusLine;
    this.reasonStart = at;
    while ((classes[bytes[at]!]! & 2) !== 0) at++;
    if (bytes[at] !== 13 || bytes[at + 1] !== 10) at = blankControls(bytes, at);
    this.reasonEnd = at;
    return at < 0 ? FAULTS.statusLine : undefined;
  }

  #readFields(bytes: Uint8Array): Fault | undefined {
    const count = this.fields.count;
    for (let i = 0; i < count; i++) {
      const kind = this.fields.kind(i);
      if (kind === 0) continue;
      const fault = this.#field(bytes, kind, i);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #field(bytes: Uint8Array, kind: number, i: number): Fault | undefined {
    const fields = this.fields;
    switch (kind) {
      case kinds.CONTENT_LENGTH:
        return this.#length(bytes, i);
      case kinds.TRANSFER_ENCODING:
        return this.#encoding(bytes, fields.valueStart(i), fields.valueEnd(i));
      case kinds.X_REQUEST_ID:
        if (this.requestIdField < 0) this.requestIdField = i;
        return undefined;
      case kinds.WWW_AUTHENTICATE:
        this.connectionAuth ||= isConnectionAuth(bytes, fields.valueStart(i), fields.valueEnd(i));
        return undefined;
      case kinds.DATE:
        this.dated = true;
        return undefined;
      case kinds.CONNECTION:
        this.#connectionSeen = true;
        return undefined;
      case kinds.UPGRADE:
        this.#upgradeSeen = true;
        return undefined;
      default:
        return undefined;
    }
  }

  /** RFC 9112, 6.3: equal numbers, in one field or in several, are one number. */
  #length(bytes: Uint8Array, i: number): Fault | undefined {
    const { fields } = this;
    const start = fields.valueStart(i);
    const end = fields.valueEnd(i);
    let length = parseLength(bytes, start, end);
    const listed = length < 0;
    if (listed) length = parseLengthList(bytes, start, end);
    if (length < 0) return FAULTS.contentLength;
    const first = this.contentLength < 0;
    if (!first && length !== this.contentLength) return FAULTS.contentLengthRepeated;
    if (listed || !first) fields.hideAt(i);
    if (first) this.lengthListed = listed;
    this.contentLength = length;
    return undefined;
  }

  /** RFC 9112, 6.1. Empty elements of a list are ignored (RFC 9110, 5.6.1). */
  #encoding(bytes: Uint8Array, from: number, to: number): Fault | undefined {
    let start = from;
    let end = to;
    while (start < end && isListEmpty(bytes[start]!)) start++;
    while (end > start && isListEmpty(bytes[end - 1]!)) end--;
    if (this.minor === 0) return FAULTS.encodingVersion;
    if (this.#encodingSeen) return FAULTS.encodingRepeated;
    this.#encodingSeen = true;
    if (codingOf(bytes, start, end) !== CODING_CHUNKED) return FAULTS.encodingUnknown;
    this.chunked = true;
    return undefined;
  }

  /** Checks that need all fields. */
  #conclude(bytes: Uint8Array): Fault | undefined {
    if (this.chunked && this.contentLength >= 0) return FAULTS.lengthAndEncoding;
    if (!this.#connectionSeen) {
      this.keepAlive = this.minor === 1;
      return undefined;
    }
    const fault = this.fields.nominate(bytes);
    this.keepAlive = !this.fields.close && (this.minor === 1 || this.fields.keepAlive);
    this.upgrade = this.#upgradeSeen && this.fields.upgrade && this.minor === 1;
    return fault;
  }
}

function isListEmpty(byte: number): boolean {
  return byte === 44 || isSpace(byte);
}
