/**
 * The lines about the connection itself: `Connection` and `Upgrade`.
 *
 * @module
 */

import * as kinds from "./field_kind.ts";
import type { Fields } from "./fields.ts";
import { isSpace } from "./line_repair.ts";
import { has, writeText, writeValue, writeValues } from "./line_writer.ts";
import { elementEnd, elementStart, isElement } from "./list.ts";
import type { ResponseHead } from "./response_head.ts";
import { ascii, copy, writeAscii, writeBytes } from "./writer.ts";

const CONNECTION = ascii("Connection: ");
const UPGRADE = ascii("Upgrade: ");
const UPGRADE_OPTION = ascii("upgrade");
const H2C = ascii("h2c");
const LINE_END = ascii("\r\n");

/** The value of Connection for the client; "" for no such field. */
export type ConnectionOption = "" | "close" | "keep-alive" | "upgrade";

/** RFC 9110, 7.8: an upgrade is offered hop by hop. An incomplete offer of h2c is dropped. */
export function writeOffer(out: Uint8Array, at: number, bytes: Uint8Array, fields: Fields): number {
  let to = writeBytes(out, writeValue(out, at, CONNECTION, UPGRADE_OPTION), UPGRADE);
  const first = to;
  for (let i = 0; i < fields.count; i++) {
    if (fields.kind(i) !== kinds.UPGRADE) continue;
    const end = fields.valueEnd(i);
    for (let from = fields.valueStart(i); from < end; from = elementEnd(bytes, from, end) + 1) {
      to = writeElement(out, to, bytes, from, elementEnd(bytes, from, end), to > first);
    }
  }
  return writeBytes(out, to, LINE_END);
}

function writeElement(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  from: number,
  elementEnd: number,
  more: boolean,
): number {
  const start = elementStart(bytes, from, elementEnd);
  if (start === elementEnd || isElement(bytes, start, elementEnd, H2C)) return at;
  let to = at;
  if (more) {
    out[to++] = 44;
    out[to++] = 32;
  }
  let end = elementEnd;
  while (isSpace(bytes[end - 1]!)) end--;
  return copy(out, to, bytes, start, end);
}

/** RFC 9110, 7.8 and 15.5.22: 101 and 426 name protocols. */
export function writeConnection(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  head: ResponseHead,
  connection: ConnectionOption,
): number {
  const names = connection === "upgrade" ||
    (head.status === 426 && has(head.fields, kinds.UPGRADE));
  if (!names) return connection === "" ? at : writeText(out, at, CONNECTION, connection);
  let to = writeBytes(out, at, CONNECTION);
  if (connection !== "" && connection !== "upgrade") {
    to = writeAscii(out, to, connection);
    out[to++] = 44;
    out[to++] = 32;
  }
  to = writeBytes(out, writeBytes(out, to, UPGRADE_OPTION), LINE_END);
  to = writeBytes(out, to, UPGRADE);
  return writeBytes(out, writeValues(out, to, bytes, head.fields, kinds.UPGRADE, false), LINE_END);
}
