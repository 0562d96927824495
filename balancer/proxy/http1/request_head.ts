/**
 * The head of a request: the facts that the proxy needs, as indexes into its bytes.
 *
 * @module
 */

import { BYTE_CLASSES } from "./byte_class.ts";
import { isConnectionAuth } from "./connection_auth.ts";
import { type Fault, FAULTS } from "./fault.ts";
import * as kinds from "./field_kind.ts";
import { Fields } from "./fields.ts";
import { CODING_CHUNKED, CODING_UNKNOWN, codingOf, isAuthority, parseLength } from "./framing.ts";
import { listHas, listHasOther } from "./list.ts";
import { isOriginForm, methodOf, versionAt } from "./request_line.ts";
import { readAbsoluteForm } from "./request_target.ts";
import { ascii } from "./writer.ts";

const CONTINUE = ascii("100-continue");
const TRAILERS = ascii("trailers");
/** RFC 9113, 3.1: an upgrade to HTTP/2 is obsolete, and this proxy does not support it. */
const H2C = ascii("h2c");

/**
 * A request head. One object is reused for all requests; its content is valid as long as the parsed
 * bytes stay in place.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RequestHead } from "./request_head.ts";
 *
 * const bytes = new TextEncoder().encode("GET /users?id=1 HTTP/1.1\r\nHost: a.example\r\n\r\n");
 * const head = new RequestHead();
 * assertEquals(head.parse(bytes, 0, bytes.length, 100), undefined);
 * assertEquals(head.method, "GET");
 * assertEquals(new TextDecoder().decode(bytes.subarray(head.targetStart, head.pathEnd)), "/users");
 * ```
 */
export class RequestHead {
  /** The field lines. */
  readonly fields: Fields = new Fields();
  /** Index of the first byte of the head. */
  start = 0;
  /** Index just after the empty line. */
  end = 0;
  method = "";
  /** Index of the target to forward: in origin-form, or `*`. */
  targetStart = 0;
  targetEnd = 0;
  /** Index of the "?" of the target, or its end. */
  pathEnd = 0;
  /** Index of the host and port: of the absolute-form target if it is one, or else of Host. */
  hostStart = 0;
  /** Index after the host and port: equal to the start if there is none. */
  hostEnd = 0;
  minor: 0 | 1 = 1;
  /** Length of the body, or -1 without Content-Length. */
  contentLength = -1;
  chunked = false;
  /** Whether the client lets the connection persist (RFC 9112, 9.3). */
  keepAlive = true;
  /** Whether the client offers another protocol than h2c (RFC 9110, 7.8). */
  upgrade = false;
  /** Whether the client waits for 100 (Continue) before the body (RFC 9110, 10.1.1). */
  expectContinue = false;
  /** Whether the client accepts a trailer section (RFC 9110, 10.1.4). */
  trailers = false;
  /** Remaining number of forwards for OPTIONS or TRACE (RFC 9110, 7.6.2); -1: no limit. */
  maxForwards = -1;
  /** Whether the target was in absolute-form. */
  absolute = false;
  /** Index of the first X-Request-Id among the fields, or -1. */
  requestIdField = -1;
  /** Whether it carries credentials that authenticate the connection: see `connection_auth.ts`. */
  connectionAuth = false;
  #hostSeen = false;
  #encodingSeen = false;
  #connectionSeen = false;
  #upgradeSeen = false;

  /**
   * Parses and validates a head. Call this method once for each head: for an absolute-form target
   * without a path it writes the path that RFC 9112, 3.2.1 and 3.2.4 require into `bytes`.
   *
   * @param bytes buffer that holds the head
   * @param start index of its first byte
   * @param headEnd index just after the empty line, as found by {@linkcode HeadScanner}
   * @param maxFields largest number of field lines
   * @returns why the request is refused; undefined if it is accepted
   */
  parse(bytes: Uint8Array, start: number, headEnd: number, maxFields: number): Fault | undefined {
    this.#reset(start, headEnd);
    const lineEnd = this.#methodAndTarget(bytes, start);
    if (typeof lineEnd !== "number") return lineEnd;
    return this.fields.parse(bytes, lineEnd, headEnd, maxFields) ??
      this.#readFields(bytes) ?? this.#conclude(bytes);
  }

  /**
   * Parses a complete and valid head whose end is not known, in one pass. Any other head is
   * rejected without a reason: it may be incomplete, faulty, or have a target in another form.
   * {@linkcode HeadScanner} and {@linkcode parse} handle those.
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
    if (!isOriginForm(bytes, start)) return false;
    this.#reset(start, start);
    const lineEnd = this.#methodAndTarget(bytes, start);
    if (typeof lineEnd !== "number") return false;
    if (this.fields.parseLines(bytes, lineEnd, maxFields) !== undefined) return false;
    this.end = this.fields.end;
    return (this.#readFields(bytes) ?? this.#conclude(bytes)) === undefined;
  }

  /** Length of the request line without its line end, for a target in origin-form. */
  get lineLength(): number {
    return this.targetEnd + 9 - this.start;
  }

  #reset(start: number, headEnd: number): void {
    this.start = start;
    this.end = headEnd;
    this.hostStart = this.hostEnd = 0;
    this.minor = 1;
    this.contentLength = this.requestIdField = this.maxForwards = -1;
    this.chunked = this.upgrade = this.trailers = false;
    this.expectContinue = this.absolute = this.connectionAuth = false;
    this.keepAlive = true;
    this.#hostSeen = this.#encodingSeen = false;
    this.#connectionSeen = this.#upgradeSeen = false;
  }

  /** RFC 9112, 3: returns the index just after the request line. One pass, hence its length. */
  #methodAndTarget(bytes: Uint8Array, start: number): number | Fault {
    const classes = BYTE_CLASSES;
    let at = start;
    while ((classes[bytes[at]!]! & 1) !== 0) at++;
    if (at === start) return bytes[at] === 13 ? FAULTS.emptyHead : FAULTS.method;
    if (bytes[at] !== 32) return FAULTS.method;
    if (at - start > 32) return FAULTS.method;
    this.method = methodOf(bytes, start, at);
    this.targetStart = ++at;
    this.pathEnd = -1;
    for (; (classes[bytes[at]!]! & 4) !== 0; at++) {
      if (bytes[at] === 63 && this.pathEnd < 0) this.pathEnd = at;
    }
    this.targetEnd = at;
    if (this.pathEnd < 0) this.pathEnd = at;
    if (at === this.targetStart) return FAULTS.requestLine;
    if (bytes[at] !== 32) return bytes[at] === 13 ? FAULTS.requestLine : FAULTS.target;
    const minor = versionAt(bytes, at + 1);
    if (typeof minor !== "number") return minor;
    this.minor = minor;
    return this.#targetForm(bytes) ?? at + 11;
  }

  /** RFC 9112, 3.2. */
  #targetForm(bytes: Uint8Array): Fault | undefined {
    if (this.method === "CONNECT") return FAULTS.connect;
    const first = bytes[this.targetStart];
    if (first === 47) return undefined;
    if (first === 42 && this.targetEnd - this.targetStart === 1) {
      return this.method === "OPTIONS" ? undefined : FAULTS.asterisk;
    }
    return readAbsoluteForm(this, bytes);
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
      case kinds.HOST:
        return this.#host(bytes, fields.valueStart(i), fields.valueEnd(i));
      case kinds.CONTENT_LENGTH:
        if (this.contentLength >= 0) return FAULTS.contentLengthRepeated;
        this.contentLength = parseLength(bytes, fields.valueStart(i), fields.valueEnd(i));
        return this.contentLength < 0 ? FAULTS.contentLength : undefined;
      case kinds.TRANSFER_ENCODING:
        return this.#encoding(bytes, fields.valueStart(i), fields.valueEnd(i));
      case kinds.EXPECT:
        return this.#expect(bytes, i);
      case kinds.X_REQUEST_ID:
        if (this.requestIdField < 0) this.requestIdField = i;
        return undefined;
      case kinds.CONNECTION:
        this.#connectionSeen = true;
        return undefined;
      case kinds.UPGRADE:
        this.#upgradeSeen ||= listHasOther(bytes, fields.valueStart(i), fields.valueEnd(i), H2C);
        return undefined;
      case kinds.TE:
        this.trailers ||= this.minor === 1 &&
          listHas(bytes, fields.valueStart(i), fields.valueEnd(i), TRAILERS);
        return undefined;
      case kinds.AUTHORIZATION:
        this.connectionAuth ||= isConnectionAuth(bytes, fields.valueStart(i), fields.valueEnd(i));
        return undefined;
      case kinds.MAX_FORWARDS:
        return this.#maxForwards(bytes, i);
      default:
        return undefined;
    }
  }

  /** RFC 9110, 10.1.1. An empty list has no expectation. */
  #expect(bytes: Uint8Array, i: number): Fault | undefined {
    const { fields } = this;
    const start = fields.valueStart(i);
    const end = fields.valueEnd(i);
    if (start === end) return fields.hideAt(i);
    this.expectContinue = this.minor === 1;
    return kinds.isWord(bytes, start, end, CONTINUE) ? undefined : FAULTS.expectation;
  }

  /** RFC 9110, 7.6.2: for OPTIONS and TRACE only, decremented when it is written. */
  #maxForwards(bytes: Uint8Array, i: number): Fault | undefined {
    if (this.method !== "OPTIONS" && this.method !== "TRACE") return undefined;
    if (this.maxForwards >= 0) return FAULTS.maxForwards;
    this.maxForwards = parseLength(bytes, this.fields.valueStart(i), this.fields.valueEnd(i));
    this.fields.hideAt(i);
    return this.maxForwards < 0 ? FAULTS.maxForwards : undefined;
  }

  /** RFC 9112, 3.2: exactly one valid Host, even if an absolute-form target replaces it. */
  #host(bytes: Uint8Array, start: number, end: number): Fault | undefined {
    if (this.#hostSeen) return FAULTS.hostRepeated;
    this.#hostSeen = true;
    if (start < end && !isAuthority(bytes, start, end)) return FAULTS.host;
    // RFC 9112, 3.2: empty only if the target has no authority.
    if (this.absolute) return start < end ? undefined : FAULTS.host;
    this.hostStart = start;
    this.hostEnd = end;
    return undefined;
  }

  /** RFC 9112, 6.1. */
  #encoding(bytes: Uint8Array, start: number, end: number): Fault | undefined {
    if (this.minor === 0) return FAULTS.encodingVersion;
    if (this.#encodingSeen) return FAULTS.encodingRepeated;
    this.#encodingSeen = true;
    const coding = codingOf(bytes, start, end);
    if (coding === CODING_UNKNOWN) return FAULTS.encodingUnknown;
    if (coding !== CODING_CHUNKED) return FAULTS.encoding;
    this.chunked = true;
    return undefined;
  }

  /** Checks that need all fields. */
  #conclude(bytes: Uint8Array): Fault | undefined {
    if (this.chunked && this.contentLength >= 0) return FAULTS.lengthAndEncoding;
    if (!this.#hostSeen && this.minor === 1) return FAULTS.hostMissing;
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
