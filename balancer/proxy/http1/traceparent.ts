/**
 * The field `traceparent` (W3C Trace Context, section 3.2): the trace that a request belongs to,
 * and the span that sent it.
 *
 * @module
 */

import type { Fields } from "./fields.ts";
import { isWord, OTHER } from "./field_kind.ts";
import { ascii, writeAscii } from "./writer.ts";

/** The content of the field. */
export interface TraceParent {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** The span that is the parent: 16 lower-case hexadecimal digits, not all zero. */
  readonly spanId: string;
  /** The known bits of the eight: {@linkcode SAMPLED} and {@linkcode RANDOM}. */
  readonly flags: number;
}

/** The sender may have recorded the trace, and asks others to record it. */
export const SAMPLED = 1;
/** The trace's id is random (Level 2, section 3.2.2.3.2). */
export const RANDOM = 2;

const NAME = ascii("traceparent");
const STATE_NAME = ascii("tracestate");

/** `00-` trace `-` span `-` flags: index of each, and of the end. */
const TRACE = 3;
const SPAN = 36;
const FLAGS = 53;
const LENGTH = 55;

/**
 * Distance of the span's digits from the end of a head with the field as its last line: they are
 * followed by `-`, two digits of flags, the end of the line and that of the head.
 */
const SPAN_BEFORE_END = 16 + 3 + 2 + 2;

/**
 * Reads the field.
 *
 * @param fields the request's fields
 * @param bytes buffer that was parsed
 * @returns undefined if the field is missing, repeated, or invalid: the request begins a trace
 */
export function readTraceParent(fields: Fields, bytes: Uint8Array): TraceParent | undefined {
  let found = -1;
  for (let i = 0; i < fields.count; i++) {
    if (!isTraceParent(fields, bytes, i)) continue;
    if (found >= 0) return undefined;
    found = i;
  }
  if (found < 0) return undefined;
  return parse(bytes, fields.valueStart(found), fields.valueEnd(found));
}

function isTraceParent(fields: Fields, bytes: Uint8Array, i: number): boolean {
  return fields.kind(i) === OTHER && isWord(bytes, fields.lineStart(i), fields.nameEnd(i), NAME);
}

/** Higher versions may append more behind a dash; they are read as far as version 00 defines. */
function parse(bytes: Uint8Array, start: number, end: number): TraceParent | undefined {
  const version = hexadecimal(bytes, start, start + 2, end);
  if (version === undefined || version === "ff" || !isDash(bytes, start + 2)) return undefined;
  const longer = end - start > LENGTH;
  if (longer && (version === "00" || !isDash(bytes, start + LENGTH))) return undefined;
  const traceId = hexadecimal(bytes, start + TRACE, start + SPAN - 1, end);
  const spanId = hexadecimal(bytes, start + SPAN, start + FLAGS - 1, end);
  const flags = hexadecimal(bytes, start + FLAGS, start + LENGTH, end);
  if (!isDash(bytes, start + SPAN - 1) || !isDash(bytes, start + FLAGS - 1)) return undefined;
  if (!isId(traceId) || !isId(spanId) || flags === undefined) return undefined;
  return { traceId, spanId, flags: parseInt(flags, 16) & (SAMPLED | RANDOM) };
}

function isDash(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 45;
}

function isId(digits: string | undefined): digits is string {
  return digits !== undefined && /[^0]/.test(digits);
}

/** Lower-case digits only: the field allows no others. */
function hexadecimal(
  bytes: Uint8Array,
  from: number,
  to: number,
  end: number,
): string | undefined {
  if (to > end) return undefined;
  let text = "";
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    if ((byte < 48 || byte > 57) && (byte < 97 || byte > 102)) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/**
 * Marks `traceparent`, so that it is not forwarded: the proxy writes its own.
 *
 * @param fields the request's fields
 * @param bytes buffer that was parsed
 */
export function hideTraceParent(fields: Fields, bytes: Uint8Array): void {
  fields.hide(bytes, NAME);
}

/**
 * Marks `tracestate`, so that it is not forwarded: without a valid `traceparent` it must not be
 * used (section 3.3).
 *
 * @param fields the request's fields
 * @param bytes buffer that was parsed
 */
export function hideTraceState(fields: Fields, bytes: Uint8Array): void {
  fields.hide(bytes, STATE_NAME);
}

/**
 * Returns the field's value, in version 00.
 *
 * @param parent content of the field
 */
export function traceParentText({ traceId, spanId, flags }: TraceParent): string {
  return `00-${traceId}-${spanId}-0${flags & (SAMPLED | RANDOM)}`;
}

/**
 * Names another span in a head that was written with the field as its last line.
 *
 * @param head buffer that holds the head
 * @param end index after the head
 * @param spanId 16 lower-case hexadecimal digits
 */
export function rewriteSpan(head: Uint8Array, end: number, spanId: string): void {
  writeAscii(head, end - SPAN_BEFORE_END, spanId);
}
