/**
 * Responses as HEADERS: from the fields that HTTP/1.1 has (RFC 9113, section 8.3.2).
 *
 * @module
 */
import { isHopByHop } from "../http1/field_kind.ts";
import { Fields } from "../http1/fields.ts";
import type { ResponseHead } from "../http1/response_head.ts";
import { ascii } from "../http1/writer.ts";
import { FIELD_OVERHEAD, type FieldSpan } from "./hpack_encoder.ts";
import type { Session } from "./session.ts";
import type { Stream } from "./stream.ts";

/** `:status` and three digits, written over for each response. */
const STATUS = ascii(":status000");
const STATUS_NAME = 7;
const STATUS_FIELD: FieldSpan = {
  bytes: STATUS,
  nameStart: 0,
  nameEnd: STATUS_NAME,
  valueStart: STATUS_NAME,
  valueEnd: STATUS.length,
};

/** Written over for each field. */
const FIELD: FieldSpan = { ...STATUS_FIELD };

/**
 * Sends the head of a response.
 *
 * @param session the connection
 * @param stream the stream
 * @param bytes buffer that holds the head
 * @param head the parsed head
 * @param last whether no body follows
 */
export function sendHead(
  session: Session,
  stream: Stream,
  bytes: Uint8Array,
  head: ResponseHead,
  last: boolean,
): void {
  const { frames, encoder } = session;
  const { fields, status } = head;
  const out = frames.beginHeaders(head.end - head.start + (fields.count + 2) * FIELD_OVERHEAD);
  const start = frames.length;
  const at = writeStatus(session, out, encoder.begin(out, start), status);
  frames.endHeaders(stream.id, start, writeFields(session, out, at, bytes, fields), last);
  session.notify();
  stream.responding ||= status >= 200;
  if (last) session.endResponse(stream);
}

/**
 * Sends a trailer section, which ends the stream.
 *
 * @param session the connection
 * @param stream the stream
 * @param lines its lines as in HTTP/1.1, with the empty line behind them
 * @returns false if it has no fields: nothing was sent
 */
export function sendTrailers(session: Session, stream: Stream, lines: Uint8Array): boolean {
  const fields = new Fields(true);
  if (fields.parse(lines, 0, lines.length, MAX_TRAILERS) || fields.count === 0) return false;
  const { frames, encoder } = session;
  const out = frames.beginHeaders(lines.length + (fields.count + 2) * FIELD_OVERHEAD);
  const start = frames.length;
  const at = encoder.begin(out, start);
  frames.endHeaders(stream.id, start, writeFields(session, out, at, lines, fields), true);
  session.notify();
  session.endResponse(stream);
  return true;
}

const MAX_TRAILERS = 1000;

function writeStatus({ encoder }: Session, out: Uint8Array, at: number, status: number): number {
  STATUS[STATUS_NAME] = 48 + Math.floor(status / 100);
  STATUS[STATUS_NAME + 1] = 48 + Math.floor(status / 10) % 10;
  STATUS[STATUS_NAME + 2] = 48 + status % 10;
  return encoder.field(out, at, STATUS_FIELD);
}

/** RFC 9113, 8.2.2: no field that concerns the connection. */
function writeFields(
  { encoder }: Session,
  out: Uint8Array,
  start: number,
  bytes: Uint8Array,
  fields: Fields,
): number {
  FIELD.bytes = bytes;
  let at = start;
  for (let i = 0; i < fields.count; i++) {
    if (isHopByHop(fields.kind(i))) continue;
    FIELD.nameStart = fields.lineStart(i);
    FIELD.nameEnd = fields.nameEnd(i);
    FIELD.valueStart = fields.valueStart(i);
    FIELD.valueEnd = fields.valueEnd(i);
    at = encoder.field(out, at, FIELD);
  }
  return at;
}
