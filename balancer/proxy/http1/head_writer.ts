/**
 * Writes the forwarded heads: fields that may be forwarded are copied byte for byte, and fields
 * that a proxy must add or replace are written.
 *
 * @module
 */

import { type ConnectionOption, writeConnection, writeOffer } from "./connection_writer.ts";
import { writeCookiesWithout } from "./cookie_pairs.ts";
import type { DateLine } from "./date_line.ts";
import * as kinds from "./field_kind.ts";
import type { Fields } from "./fields.ts";
import { has, writeCount, writeLine, writeText, writeValue, writeValues } from "./line_writer.ts";
import type { RequestHead } from "./request_head.ts";
import type { ResponseHead } from "./response_head.ts";
import { type RingPlace, writeRingFields } from "./ring_fields.ts";
import { type SetCookie, setCookieBytes, writeSetCookie } from "./set_cookie.ts";
import { ascii, copy, writeBytes, writeNumber } from "./writer.ts";

/** Room for the fixed texts that can be added to a head. */
const FIXED_ROOM = 480;

const VERSION = ascii(" HTTP/1.1\r\n");
const HOST = ascii("Host: ");
const EMPTY_HOST = ascii("Host:\r\n");
const VIA = ascii("Via: ");
const REQUEST_ID = ascii("X-Request-Id: ");
const CHUNKED = ascii("Transfer-Encoding: chunked\r\n");
const STATUS = ascii("HTTP/1.1 ");
const FORWARDED_FOR = ascii("X-Forwarded-For: ");
const FORWARDED_PROTO = ascii("X-Forwarded-Proto: ");
const FORWARDED_HOST = ascii("X-Forwarded-Host: ");
const FORWARDED_PORT = ascii("X-Forwarded-Port: ");
const MAX_FORWARDS = ascii("Max-Forwards: ");
const CONTENT_LENGTH = ascii("Content-Length: ");
const TE = ascii("TE: trailers\r\nConnection: TE\r\n");
const TRACEPARENT = ascii("traceparent: ");

/** Additions to a forwarded request. */
export interface RequestAdditions {
  /** Generated identifier of the request, if it had none. */
  readonly requestId: Uint8Array | undefined;
  /** IP address of the client. */
  readonly forwardedFor: Uint8Array;
  /** Protocol that the client spoke: `http` or `https`. */
  readonly proto: Uint8Array;
  /** Port that the client connected to, in decimal digits. */
  readonly port: Uint8Array;
  /** The proxy's name in Via; empty for no such field. */
  readonly via: Uint8Array;
  /**
   * Whether the client is a trusted proxy, whose statements about a request's origin are believed.
   */
  readonly trusted: boolean;
  /** Whether unknown fields with an underscore in their names are forwarded. */
  readonly underscores: boolean;
  /**
   * Value of the field `traceparent`, which is written as the last line; undefined for no own
   * field.
   */
  readonly traceparent: string | undefined;
  /** Name of the cookies that are not forwarded; undefined to forward all. */
  readonly withoutCookie: Uint8Array | undefined;
}

/** Additions to a forwarded response. */
export interface ResponseAdditions {
  /** Identifier of the request, for a response without one. */
  readonly requestId: Uint8Array | undefined;
  /** The proxy's name in Via; empty for no such field. */
  readonly via: Uint8Array;
  /** The value of Connection; "" for no such field. */
  readonly connection: ConnectionOption;
  /**
   * `as-is`: the body is framed as it was received. `chunked`: the connection's end framed it, and
   * it becomes chunked. `none`: Content-Length is forwarded, Transfer-Encoding is not.
   */
  readonly framing: "as-is" | "chunked" | "none";
  /** Writes Date into a response without one; undefined for no such field. */
  readonly date: DateLine | undefined;
  /** Origin of the response for the ring fields, if they are enabled. */
  readonly ring: RingPlace | undefined;
  /** The proxy's own cookie, if the response sets it. */
  readonly cookie: SetCookie | undefined;
}

/**
 * Writes the forwarded head of a request (RFC 9110, 7.6).
 *
 * @param out buffer to write to
 * @param at index of the first byte to write
 * @param bytes buffer that holds the head
 * @param head the head, parsed without a fault
 * @param add additions of the proxy
 * @returns index after the last byte written, or -1 if `out` might be too small
 */
export function writeRequestHead(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  head: RequestHead,
  add: RequestAdditions,
): number {
  // The host may be written twice; all other received bytes at most once.
  const room = head.end - head.start + head.hostEnd - head.hostStart + FIXED_ROOM +
    (add.requestId === undefined ? 0 : add.requestId.length) + add.forwardedFor.length +
    add.proto.length + add.port.length + add.via.length;
  if (at + room > out.length) return -1;
  let to = copy(out, at, bytes, head.start, head.start + head.method.length);
  out[to++] = 32;
  to = copy(out, to, bytes, head.targetStart, head.targetEnd);
  to = writeBytes(out, to, VERSION);
  // RFC 9112, 3.2.2: the authority of the target takes the place of Host.
  if (head.absolute) to = writeLine(out, to, HOST, bytes, head.hostStart, head.hostEnd);
  // Without Host its index is 0, which no value has.
  else if (head.hostStart === 0) to = writeBytes(out, to, EMPTY_HOST);
  to = writeCrossing(out, to, bytes, head.fields, droppedOfRequest(head, add));
  if (add.withoutCookie !== undefined) {
    to = writeCookiesWithout(out, to, bytes, head.fields, add.withoutCookie);
  }
  to = writeForwarded(out, to, bytes, head, add);
  if (add.via.length > 0) to = writeValue(out, to, VIA, add.via);
  if (head.requestIdField < 0 && add.requestId !== undefined) {
    to = writeValue(out, to, REQUEST_ID, add.requestId);
  }
  if (head.maxForwards >= 0) to = writeMaxForwards(out, to, head.maxForwards);
  if (head.chunked) to = writeBytes(out, to, CHUNKED);
  if (head.upgrade) to = writeOffer(out, to, bytes, head.fields);
  // RFC 9110, 10.1.4: with the option of Connection that TE needs.
  else if (head.trailers) to = writeBytes(out, to, TE);
  if (add.traceparent !== undefined) to = writeText(out, to, TRACEPARENT, add.traceparent);
  out[to] = 13;
  out[to + 1] = 10;
  return to + 2;
}

/**
 * Writes the forwarded head of a response (RFC 9110, 7.6).
 *
 * @param out buffer to write to
 * @param at index of the first byte to write
 * @param bytes buffer that holds the head
 * @param head the head, parsed without a fault
 * @param add additions of the proxy
 * @returns index after the last byte written, or -1 if `out` might be too small
 */
export function writeResponseHead(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  head: ResponseHead,
  add: ResponseAdditions,
): number {
  const room = head.end - head.start + FIXED_ROOM + add.via.length +
    (add.requestId === undefined ? 0 : add.requestId.length) +
    (add.ring === undefined ? 0 : add.ring.replica.length + add.ring.lines.length) +
    (add.cookie === undefined ? 0 : setCookieBytes(add.cookie));
  if (at + room > out.length) return -1;
  let to = writeBytes(out, at, STATUS);
  to = writeNumber(out, to, head.status);
  out[to++] = 32;
  to = copy(out, to, bytes, head.reasonStart, head.reasonEnd);
  out[to] = 13;
  out[to + 1] = 10;
  to = writeCrossing(out, to + 2, bytes, head.fields, droppedOfResponse(head, add));
  if (add.via.length > 0) to = writeValue(out, to, VIA, add.via);
  if (head.requestIdField < 0 && add.requestId !== undefined) {
    to = writeValue(out, to, REQUEST_ID, add.requestId);
  }
  if (add.ring !== undefined) to = writeRingFields(out, to, add.ring);
  if (add.cookie !== undefined) to = writeSetCookie(out, to, add.cookie);
  if (add.date !== undefined && !head.dated) to = writeBytes(out, to, add.date.bytes);
  if (writesChunked(head, add)) to = writeBytes(out, to, CHUNKED);
  else if (head.lengthListed && !withoutLength(head, add)) {
    to = writeCount(out, to, CONTENT_LENGTH, head.contentLength);
  }
  to = writeConnection(out, to, bytes, head, add.connection);
  out[to] = 13;
  out[to + 1] = 10;
  return to + 2;
}

/** One bit for each dropped kind. */
function droppedOfRequest(head: RequestHead, add: RequestAdditions): number {
  let dropped = kinds.HOP_BY_HOP_BITS | 1 << 5 | 1 << 16; // X-Forwarded-For, folded names
  // X-Forwarded-Proto, -Host and -Port, and the other fields that name an origin.
  if (!add.trusted) dropped |= 1 << 6 | 1 << 7 | 1 << 11 | 1 << 12;
  if (!add.underscores) dropped |= 1 << 15;
  if (head.absolute) dropped |= 1 << 1; // Host
  if (add.withoutCookie !== undefined) dropped |= 1 << 9; // Cookie, written again
  // RFC 9110, 10.1.1: an expectation of HTTP/1.0 is ignored, so it is not forwarded.
  if (head.minor === 0) dropped |= 1 << 3;
  return dropped;
}

function droppedOfResponse(head: ResponseHead, add: ResponseAdditions): number {
  return kinds.HOP_BY_HOP_BITS | (withoutLength(head, add) ? 1 << 2 : 0); // Content-Length
}

function withoutLength(head: ResponseHead, add: ResponseAdditions): boolean {
  return add.framing === "chunked" || neverFramed(head.status);
}

function writesChunked(head: ResponseHead, add: ResponseAdditions): boolean {
  if (neverFramed(head.status)) return false;
  return add.framing === "chunked" || (add.framing === "as-is" && head.chunked);
}

/** RFC 9110, 8.6 and RFC 9112, 6.1: 1xx and 204 have neither a length nor a coding. */
function neverFramed(status: number): boolean {
  return status < 200 || status === 204;
}

/** Neighbouring lines are copied as one run. */
function writeCrossing(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  fields: Fields,
  dropped: number,
): number {
  const count = fields.count;
  let to = at;
  let first = 0;
  for (let i = 0; i < count; i++) {
    if ((dropped & 1 << fields.kind(i)) === 0) continue;
    to = copyRun(out, to, bytes, fields, first, i);
    first = i + 1;
  }
  return copyRun(out, to, bytes, fields, first, count);
}

function copyRun(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  fields: Fields,
  first: number,
  end: number,
): number {
  if (first >= end) return at;
  return copy(out, at, bytes, fields.lineStart(first), fields.lineEnd(end - 1));
}

function writeForwarded(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  head: RequestHead,
  add: RequestAdditions,
): number {
  let to = writeBytes(out, at, FORWARDED_FOR);
  if (add.trusted) to = writeValues(out, to, bytes, head.fields, kinds.X_FORWARDED_FOR, true);
  to = writeBytes(out, to, add.forwardedFor);
  out[to] = 13;
  out[to + 1] = 10;
  to += 2;
  if (!add.trusted || !has(head.fields, kinds.X_FORWARDED_PROTO)) {
    to = writeValue(out, to, FORWARDED_PROTO, add.proto);
  }
  const known = head.hostEnd > head.hostStart;
  if (known && (!add.trusted || !has(head.fields, kinds.X_FORWARDED_HOST))) {
    to = writeLine(out, to, FORWARDED_HOST, bytes, head.hostStart, head.hostEnd);
  }
  if (addsPort(head.fields, add)) to = writeValue(out, to, FORWARDED_PORT, add.port);
  return to;
}

/**
 * Whether X-Forwarded-Port is added: not if a trusted proxy sent the original port, scheme or host,
 * which this proxy's port could contradict.
 */
function addsPort(fields: Fields, add: RequestAdditions): boolean {
  return !add.trusted ||
    !(has(fields, kinds.X_FORWARDED_PORT) || has(fields, kinds.X_FORWARDED_PROTO) ||
      has(fields, kinds.X_FORWARDED_HOST));
}

/** RFC 9110, 7.6.2. */
function writeMaxForwards(out: Uint8Array, at: number, received: number): number {
  return writeCount(out, at, MAX_FORWARDS, Math.max(received - 1, 0));
}
