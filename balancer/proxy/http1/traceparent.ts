/**
 * The field `traceparent` (W3C Trace Context, section 3.2): which trace a request belongs to, and
 * which span of it sent it.
 *
 * @module
 */

import type { Fields } from "./fields.ts";
import { isWord, OTHER } from "./field_kind.ts";
import { ascii, writeAscii } from "./writer.ts";

/** What the field says. */
export interface TraceParent {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** The span that is the parent: 16 lower-case hexadecimal digits, not all zero. */
  readonly spanId: string;
  /** Of the eight bits, those that are known: {@linkcode SAMPLED} and {@linkcode RANDOM}. */
  readonly flags: number;
}

/** Whoever sent it may have recorded it, and asks others to. */
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
 * The span's digits stand so far before the end of a head whose last line the field is: behind them
 * come `-`, two digits of flags, the end of the line and that of the head.
 */
const SPAN_BEFORE_END = 16 + 3 + 2 + 2;

/**
 * Reads the field.
 *
 * @param fields the request's fields
 * @param bytes buffer that was parsed
 * @returns undefined where it is missing, there twice, or not valid: the request begins a trace
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

/** Higher versions may say more behind a dash, and are read as far as version 00 goes. */
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

/** Lower-case digits alone: the field has no others. */
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
 * Has `traceparent` stop here, for one of ours takes its place.
 *
 * @param fields the request's fields
 * @param bytes buffer that was parsed
 */
export function hideTraceParent(fields: Fields, bytes: Uint8Array): void {
  fields.hide(bytes, NAME);
}

/**
 * Has `tracestate` stop here: without a valid `traceparent` nobody may read it (section 3.3).
 *
 * @param fields the request's fields
 * @param bytes buffer that was parsed
 */
export function hideTraceState(fields: Fields, bytes: Uint8Array): void {
  fields.hide(bytes, STATE_NAME);
}

/**
 * The field's value, in version 00.
 *
 * @param parent what it is to say
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
