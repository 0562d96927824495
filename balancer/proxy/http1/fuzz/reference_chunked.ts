/**
 * A plain second implementation of chunked bodies: strings and regular expressions.
 *
 * @module
 */

import { folded, isKnown, TEXT, TOKEN } from "./reference_names.ts";

const CHUNK_LINE = new RegExp(`([0-9A-Fa-f]+)([\\t ]*;${TEXT}*)?\\r\\n`, "y");
const LENIENT_CHUNK_LINE = new RegExp(`([0-9A-Fa-f]+)([\\t ]*)(;${TEXT}*)?\\r\\n`, "y");
const TRAILER_LINE = new RegExp(`(?:(${TOKEN}+):${TEXT}*)?\\r\\n`, "y");

/**
 * Returns the end and the data of a chunked body that is complete and well-formed.
 *
 * @param text bytes as received
 */
export function referenceChunked(text: string): { end: number; data: string } | undefined {
  let data = "";
  let at = 0;
  let excess = 0;
  for (;;) {
    CHUNK_LINE.lastIndex = at;
    const line = CHUNK_LINE.exec(text);
    if (line === null) return undefined;
    const digits = line[1]!;
    const shorter = digits.replace(/^0+/, "0");
    const extension = digits.length - shorter.length + (line[2]?.length ?? 0);
    if (extension > 256 || shorter.length > 16) return undefined;
    const size = parseInt(digits, 16);
    if (size > Number.MAX_SAFE_INTEGER) return undefined;
    excess = Math.max(0, excess + extension - size);
    if (excess > 16384) return undefined;
    at += line[0].length;
    if (size === 0) break;
    if (text.slice(at + size, at + size + 2) !== "\r\n") return undefined;
    data += text.slice(at, at + size);
    at += size + 2;
  }
  const end = trailersEnd(text, at);
  return end === undefined ? undefined : { end, data };
}

/**
 * Returns the end and the data of a response's chunked body, and its forwarded bytes.
 *
 * @param text bytes as received
 */
export function referenceCleanChunked(
  text: string,
): { end: number; data: string; sent: string } | undefined {
  let [data, sent, at, excess] = ["", "", 0, 0];
  for (;;) {
    LENIENT_CHUNK_LINE.lastIndex = at;
    const [line, digits = "", blank = "", rest = ""] = LENIENT_CHUNK_LINE.exec(text) ?? [];
    if (line === undefined) return undefined;
    const shorter = digits.replace(/^0+/, "0");
    const size = parseInt(digits, 16);
    const extension = digits.length - shorter.length + blank.length + rest.length;
    excess = Math.max(0, excess + extension - size);
    const bounded = extension <= 256 && excess <= 16384 && shorter.length <= 16;
    if (!bounded || size > Number.MAX_SAFE_INTEGER) return undefined;
    at += line.length;
    sent += `${shorter}${rest}\r\n`;
    if (size === 0) break;
    if (text.slice(at + size, at + size + 2) !== "\r\n") return undefined;
    data += text.slice(at, at + size);
    sent += text.slice(at, at + size + 2);
    at += size + 2;
  }
  const trailers = cleanTrailers(text, at);
  return trailers && { end: trailers.end, data, sent: sent + trailers.kept };
}

function cleanTrailers(text: string, from: number): { end: number; kept: string } | undefined {
  let [kept, total] = ["", 0];
  for (let at = from;;) {
    TRAILER_LINE.lastIndex = at;
    const line = TRAILER_LINE.exec(text);
    if (line === null) return undefined;
    at += line[0].length;
    const name = folded((line[1] ?? "").toLowerCase());
    if (!isKnown(name)) kept += line[0];
    if (line[1] === undefined) return { end: at, kept };
    total += line[0].length - 2;
    if (total > 8192) return undefined;
  }
}

function trailersEnd(text: string, from: number): number | undefined {
  let total = 0;
  for (let at = from;;) {
    TRAILER_LINE.lastIndex = at;
    const line = TRAILER_LINE.exec(text);
    if (line === null) return undefined;
    at += line[0].length;
    if (line[1] === undefined) return at;
    total += line[0].length - 2;
    const name = folded(line[1].toLowerCase());
    if (total > 8192 || isKnown(name)) return undefined;
  }
}
