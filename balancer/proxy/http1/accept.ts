/**
 * The client's preferred form of an error (RFC 9110, section 12.5.1).
 *
 * @module
 */
import { latin1 } from "./latin1.ts";
import { ascii } from "./writer.ts";

const FIELD = /\r\nAccept[ \t]*:([^\r\n]*)/gi;

/**
 * Returns the values of the Accept fields of a head as one list. The head may be malformed: an
 * error about it takes its form from what can be read.
 *
 * @param bytes buffer that holds the head
 * @param start index of its first byte
 * @param end index after the last byte, which may lie behind the head
 */
export function acceptOf(bytes: Uint8Array, start: number, end: number): string {
  const head = latin1(bytes, start, headEnd(bytes, start, end));
  return Array.from(head.matchAll(FIELD), ([, value = ""]) => value).join(",");
}

/** Index of the empty line that ends a head, or `end`. */
function headEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at + 3 < end; at++) {
    if (bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13) return at;
  }
  return end;
}

const HEAD = ascii("HEAD ");

/**
 * Whether a head that may be malformed is that of a HEAD request, whose answer has no body.
 *
 * @param bytes buffer that holds the head
 * @param start index of its first byte
 */
export function isHead(bytes: Uint8Array, start: number): boolean {
  return HEAD.every((byte, i) => bytes[start + i] === byte);
}

/**
 * Whether a client prefers HTML to JSON: browsers do, programs that accept anything do not.
 *
 * @param accept values of its Accept fields
 */
export function prefersHtml(accept: string): boolean {
  const ranges = accept.toLowerCase().split(",").map(rangeOf);
  return quality(ranges, "text", "html") > quality(ranges, "application", "json");
}

/** A media range and its weight. */
type Range = readonly [range: string, weight: number];

function rangeOf(text: string): Range {
  const [range = "", ...parameters] = text.split(";").map((part) => part.trim());
  const weight = parameters.find((one) => one.startsWith("q="))?.slice(2) ?? "1";
  return [range, /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0];
}

/** The most specific range decides. */
function quality(ranges: readonly Range[], type: string, subtype: string): number {
  for (const wanted of [`${type}/${subtype}`, `${type}/*`, "*/*"]) {
    const found = ranges.find(([range]) => range === wanted);
    if (found) return found[1];
  }
  return 0;
}
