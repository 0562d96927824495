/**
 * A request as a line of the access log.
 *
 * The fields of JSON lines are called what OpenTelemetry's semantic conventions call them, and what
 * those do not know begins with `ringkeeper.`. No field of a head is written, and of the target no
 * query: those are where credentials stand. `combined` alone has the query and two fields.
 *
 * @module
 */
import { type AccessStyle, escapeControls } from "../../log/style.ts";
import { combinedLine, CombinedTimestamps } from "./combined_format.ts";
import type { KeyRedaction } from "./key_redaction.ts";
import { colouredPrefix, plainPrefix, Timestamps } from "./log_prefix.ts";
import type { Attempt, RequestRecord } from "./request_record.ts";

/** Writes a line, with its end. */
export type AccessLine = (record: RequestRecord) => string;

/** What clients choose is cut after so many characters. */
const LONGEST = 1024;

/**
 * How requests are written.
 *
 * @param style how lines are written
 * @param keys write keys
 */
export function accessLine(style: AccessStyle, keys: KeyRedaction): AccessLine {
  if (style === "combined") {
    const times = new CombinedTimestamps();
    return (record) => `${combinedLine(record, times.of(record.endedAt))}\n`;
  }
  const clock = new Timestamps();
  if (style === "json") {
    // JSON escapes C0 alone: C1, DEL and Unicode's line ends go by the logger's own rule.
    return (record) => `${escapeControls(jsonLine(record, keys, clock.of(record.endedAt)))}\n`;
  }
  const prefix = style === "text" ? plainPrefix : colouredPrefix;
  return (record) => `${prefix(clock.of(record.endedAt), record.failed)}${textOf(record, keys)}\n`;
}

/** Put together by hand: what the logger's own formatter takes is half of what a request takes. */
function jsonLine(record: RequestRecord, keys: KeyRedaction, timestamp: string): string {
  const { line, identity, reason, detail } = record;
  return `{"@timestamp":"${timestamp}Z"` +
    `,"level":"${record.failed ? "WARN" : "INFO"}"` +
    `,"message":${JSON.stringify(printable(summary(record)))},"logger":"ringkeeper.access"` +
    `,"client.address":"${record.client}"` +
    (line ? lineFields(record) : "") +
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

function lineFields({ line }: RequestRecord): string {
  const { method, minor } = line!;
  return `,"http.request.method":"${method}","url.path":${JSON.stringify(pathOf(line!.target))}` +
    `,"network.protocol.version":"1.${minor}"`;
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
    `,"ringkeeper.instance":${JSON.stringify(attempt.instance)}`;
}

/** Of a late record nobody knows when the request began. */
function timeFields(record: RequestRecord): string {
  const held = `,"ringkeeper.held_ms":${rounded(heldMs(record))}`;
  if (record.late) return `${held},"ringkeeper.late":true`;
  return held + `,"ringkeeper.upstream_ms":${rounded(upstreamMs(record))}` +
    `,"ringkeeper.duration_ms":${rounded(record.endedAt - record.startedAt)}`;
}

/** As OpenTelemetry calls them in logs of other formats than its own. */
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

/** How it ended, where that was not by an answer from elsewhere. */
function endText({ outcome = "left", reason, detail }: RequestRecord): string {
  if (outcome === "answered") return "";
  return reason === undefined ? outcome : `${outcome} (${reason}: ${printable(detail)})`;
}

/** `GET /home 200` */
function summary({ line, status, outcome }: RequestRecord): string {
  const what = line ? `${line.method} ${pathOf(line.target)}` : "request";
  return `${what} ${status > 0 ? status : outcome}`;
}

/** The replica that answered, or was asked last. */
function answerer({ control, attempts }: RequestRecord): Attempt | undefined {
  return control ? undefined : attempts.at(-1);
}

function heldMs({ holds, endedAt }: RequestRecord): number {
  let sum = 0;
  for (const hold of holds) sum += (hold.endedAt ?? endedAt) - hold.startedAt;
  return sum;
}

/** Until answers began, or did not. */
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

/** Clients do not steer the operator's terminal: whatever it would not print is told by its code. */
function printable(text: string): string {
  return text.replace(/[^ -~…]/g, (letter) => {
    return `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
