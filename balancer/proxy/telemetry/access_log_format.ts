/**
 * A request as a line of the access log.
 *
 * Fields of JSON lines have the names of OpenTelemetry's semantic conventions; fields without such
 * a name begin with `ringkeeper.`. No header field and no query is written, since both may hold
 * credentials. Only `combined` has the query and two fields.
 *
 * @module
 */
import { type AccessStyle, escapeControls } from "../../log/style.ts";
import { combinedLine, CombinedTimestamps } from "./combined_format.ts";
import type { KeyRedaction } from "./key_redaction.ts";
import { colouredPrefix, plainPrefix, Timestamps } from "./log_prefix.ts";
import type { Attempt, RequestRecord } from "./request_record.ts";

/** Formats a line, with its end. */
export type AccessLine = (record: RequestRecord) => string;

/** Text from clients is cut after this many characters. */
const LONGEST = 1024;

/**
 * Returns the formatter of a style.
 *
 * @param style style of the lines
 * @param keys redacts keys
 */
export function accessLine(style: AccessStyle, keys: KeyRedaction): AccessLine {
  if (style === "combined") {
    const times = new CombinedTimestamps();
    return (record) => `${combinedLine(record, times.of(record.endedAt))}\n`;
  }
  const clock = new Timestamps();
  if (style === "json") {
    // JSON escapes C0 only: C1, DEL and Unicode's line ends are escaped by the logger's own rule.
    return (record) => `${escapeControls(jsonLine(record, keys, clock.of(record.endedAt)))}\n`;
  }
  const prefix = style === "text" ? plainPrefix : colouredPrefix;
  return (record) => `${prefix(clock.of(record.endedAt), record.failed)}${textOf(record, keys)}\n`;
}

/** Built by hand: the logger's own formatter would take half the time of a whole request. */
function jsonLine(record: RequestRecord, keys: KeyRedaction, timestamp: string): string {
  const { line, identity, reason, detail } = record;
  return `{"@timestamp":"${timestamp}Z"` +
    `,"level":"${record.failed ? "WARN" : "INFO"}"` +
    `,"message":${JSON.stringify(printable(summary(record)))},"logger":"ringkeeper.access"` +
    `,"client.address":"${record.client}"` +
    (line ? lineFields(record) : "") +
    connectionFields(record) +
    (record.status > 0 ? `,"http.response.status_code":${record.status}` : "") +
    `,"http.request.body.size":${record.bytesIn},"http.response.body.size":${record.bytesOut}` +
    `,"ringkeeper.outcome":"${record.outcome}"` +
    (reason === undefined ? "" : `,"ringkeeper.reason":"${reason}"`) +
    (detail === "" ? "" : `,"ringkeeper.detail":${JSON.stringify(detail)}`) +
    (identity ? `,"ringkeeper.request_id":${JSON.stringify(cut(identity.requestId))}` : "") +
    keyFields(record, keys) +
    replicaFields(record) +
    `,"ringkeeper.attempts":${record.attempts.length}` +
    timeFields(record) +
    (record.control ? ',"ringkeeper.control":true' : "") +
    (record.endless ? `,"ringkeeper.endless":"${record.endless}"` : "") +
    traceFields(record) +
    "}";
}

function lineFields({ line, version }: RequestRecord): string {
  const { method } = line!;
  return `,"http.request.method":"${method}","url.path":${JSON.stringify(pathOf(line!.target))}` +
    `,"network.protocol.version":"${version}"`;
}

/** Of a connection with TLS, and of one with streams. */
function connectionFields({ secure, scheme, tlsVersion, tls, streamId }: RequestRecord): string {
  const name = tls?.serverName ?? "";
  return (secure ? `,"url.scheme":"${scheme}"` : "") +
    (tlsVersion === undefined ? "" : `,"tls.protocol.version":"${tlsVersion}"`) +
    (name === "" ? "" : `,"tls.client.server_name":${JSON.stringify(cut(name))}`) +
    (streamId === 0 ? "" : `,"ringkeeper.stream":${streamId}`);
}

function keyFields({ identity }: RequestRecord, keys: KeyRedaction): string {
  if (!identity) return "";
  const key = keys.of(identity);
  return (key === undefined ? "" : `,"ringkeeper.key":${JSON.stringify(cut(key))}`) +
    (identity.slot < 0 ? "" : `,"ringkeeper.slot":${identity.slot}`);
}

function replicaFields(record: RequestRecord): string {
  const attempt = answerer(record);
  if (!attempt) return "";
  return `,"ringkeeper.replica":${JSON.stringify(attempt.replica)}` +
    `,"ringkeeper.instance":${JSON.stringify(attempt.instance)}` +
    (attempt.secure ? ',"ringkeeper.upstream_scheme":"https"' : "");
}

/** The start of a late record's request is unknown. */
function timeFields(record: RequestRecord): string {
  const held = `,"ringkeeper.held_ms":${rounded(heldMs(record))}`;
  if (record.late) return `${held},"ringkeeper.late":true`;
  return held + `,"ringkeeper.upstream_ms":${rounded(upstreamMs(record))}` +
    `,"ringkeeper.duration_ms":${rounded(record.endedAt - record.startedAt)}`;
}

/** Named as in OpenTelemetry's convention for logs of other formats. */
function traceFields({ trace }: RequestRecord): string {
  if (!trace) return "";
  const { traceId, spanId } = trace.context;
  return `,"trace_id":"${traceId}","span_id":"${spanId}"`;
}

function textOf(record: RequestRecord, keys: KeyRedaction): string {
  const { attempts, bytesIn, bytesOut } = record;
  const attempt = answerer(record);
  const held = heldMs(record);
  return [
    `${record.client} ${printable(summary(record))}`,
    record.late ? "" : `${tenths(record.endedAt - record.startedAt)} ms`,
    record.late ? "" : `upstream ${tenths(upstreamMs(record))} ms`,
    held > 0 ? `held ${tenths(held)} ms` : "",
    `in ${bytesIn} B, out ${bytesOut} B`,
    record.control ? "control" : record.endless ?? "",
    attempt ? `${attempt.replica} ${attempt.instance}` : "",
    attempts.length > 1 ? `${attempts.length} attempts` : "",
    identityText(record, keys),
    endText(record),
  ].filter((part) => part !== "").join(", ");
}

function identityText({ identity }: RequestRecord, keys: KeyRedaction): string {
  if (!identity) return "";
  const { requestId, slot } = identity;
  const id = `id ${printable(cut(requestId))}`;
  if (slot < 0) return id;
  const key = keys.of(identity);
  if (key === undefined || key === requestId) return `slot ${slot}, ${id}`;
  return `slot ${slot}, key ${printable(cut(key))}, ${id}`;
}

/** How the request ended, if no replica's response ended it. */
function endText({ outcome = "left", reason, detail }: RequestRecord): string {
  if (outcome === "answered") return "";
  return reason === undefined ? outcome : `${outcome} (${reason}: ${printable(detail)})`;
}

/** `GET /home 200` */
function summary({ line, status, outcome }: RequestRecord): string {
  const what = line ? `${line.method} ${pathOf(line.target)}` : "request";
  return `${what} ${status > 0 ? status : outcome}`;
}

/** The replica that answered, or was tried last. */
function answerer({ control, attempts }: RequestRecord): Attempt | undefined {
  return control ? undefined : attempts.at(-1);
}

function heldMs({ holds, endedAt }: RequestRecord): number {
  let sum = 0;
  for (const hold of holds) sum += (hold.endedAt ?? endedAt) - hold.startedAt;
  return sum;
}

/** Time until responses began, or attempts failed. */
function upstreamMs({ attempts, endedAt }: RequestRecord): number {
  let sum = 0;
  for (const { startedAt, firstByteAt, endedAt: failedAt } of attempts) {
    sum += (firstByteAt ?? failedAt ?? endedAt) - startedAt;
  }
  return sum;
}

function pathOf(target: string): string {
  const end = target.indexOf("?");
  return cut(end < 0 ? target : target.slice(0, end));
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function rounded(ms: number): number {
  return Math.round(1000 * ms) / 1000;
}

function tenths(ms: number): string {
  return ms.toFixed(1);
}

/**
 * Text from clients must not control the operator's terminal: unprintable characters are escaped.
 */
function printable(text: string): string {
  return text.replace(/[^ -~…]/g, (letter) => {
    return `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
