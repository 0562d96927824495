/**
 * A request as a line of the access log.
 *
 * The fields of JSON lines are called what OpenTelemetry's semantic conventions call them, and what
 * those do not know begins with `ringkeeper.`. No field of a head is ever written, and of the
 * target no query: those are where credentials stand.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { formatter, type LogStyle } from "../log/style.ts";
import type { KeySource } from "../setting_values.ts";
import type { RequestRecord } from "./request_record.ts";

/** Writes a line, with its end. */
export type AccessLine = (record: RequestRecord) => string;

/** What clients choose is cut after so many characters. */
const LONGEST = 1024;

const CATEGORY = ["ringkeeper", "access"] as const;

/**
 * How requests are written.
 *
 * @param style how lines are written
 * @param source where keys come from, for they may be credentials
 */
export function accessLine(style: LogStyle, source: KeySource): AccessLine {
  if (style === "json") return (record) => jsonLine(record, source);
  const format = formatter(style);
  return (record) => {
    const text = textOf(record, source);
    return format({
      category: CATEGORY,
      level: record.failed ? "warning" : "info",
      message: [text],
      rawMessage: text,
      timestamp: record.endedAt,
      properties: {},
    });
  };
}

/**
 * The key of a request as it may be written: what comes from a header, a cookie or the query may be
 * a credential, and is told by the beginning of its SHA-256 only. That of the same key is the same.
 *
 * @param key the key
 * @param requestId stands in for a key that the request does not have
 * @param source where keys come from
 */
export function shownKey(key: string, requestId: string, { from }: KeySource): string {
  const harmless = from === "request-id" || from === "path" || from === "client";
  if (harmless || key === requestId) return cut(key);
  // The bytes as they were sent: parameters of a query are decoded, fields are not.
  const digest = createHash("sha256").update(key, from === "query" ? "utf8" : "latin1");
  return `sha256:${digest.digest("hex").slice(0, 12)}`;
}

/** Put together by hand: what the logger's own formatter takes is half of what a request takes. */
function jsonLine(record: RequestRecord, source: KeySource): string {
  const { line, identity, reason, detail } = record;
  const { replica, instance } = replicaOf(record);
  return `{"@timestamp":"${new Date(record.endedAt).toISOString()}"` +
    `,"level":"${record.failed ? "WARN" : "INFO"}"` +
    `,"message":${JSON.stringify(summary(record))},"logger":"ringkeeper.access"` +
    `,"client.address":"${record.client}"` +
    (line ? lineFields(record) : "") +
    (record.status > 0 ? `,"http.response.status_code":${record.status}` : "") +
    `,"http.request.body.size":${record.bytesIn},"http.response.body.size":${record.bytesOut}` +
    `,"ringkeeper.outcome":"${record.outcome}"` +
    (reason === undefined ? "" : `,"ringkeeper.reason":"${reason}"`) +
    (detail === "" ? "" : `,"ringkeeper.detail":${JSON.stringify(detail)}`) +
    (identity ? `,"ringkeeper.request_id":${JSON.stringify(cut(identity.requestId))}` : "") +
    keyFields(record, source) +
    (replica === undefined ? "" : `,"ringkeeper.replica":${JSON.stringify(replica)}`) +
    (instance === undefined ? "" : `,"ringkeeper.instance":${JSON.stringify(instance)}`) +
    `,"ringkeeper.attempts":${record.attempts.length}` +
    timeFields(record) +
    (record.control ? ',"ringkeeper.control":true' : "") +
    (record.endless ? `,"ringkeeper.endless":"${record.endless}"` : "") +
    "}\n";
}

function lineFields({ line }: RequestRecord): string {
  const { method, minor } = line!;
  return `,"http.request.method":"${method}","url.path":${JSON.stringify(pathOf(line!.target))}` +
    `,"network.protocol.version":"1.${minor}"`;
}

function keyFields({ identity }: RequestRecord, source: KeySource): string {
  if (identity?.key === undefined) return "";
  const key = JSON.stringify(shownKey(identity.key, identity.requestId, source));
  return `,"ringkeeper.key":${key}` +
    (identity.slot < 0 ? "" : `,"ringkeeper.slot":${identity.slot}`);
}

/** Of a late record nobody knows when the request began. */
function timeFields(record: RequestRecord): string {
  const held = `,"ringkeeper.held_ms":${rounded(heldMs(record))}`;
  if (record.late) return `${held},"ringkeeper.late":true`;
  return held + `,"ringkeeper.upstream_ms":${rounded(upstreamMs(record))}` +
    `,"ringkeeper.duration_ms":${rounded(record.endedAt - record.startedAt)}`;
}

function textOf(record: RequestRecord, source: KeySource): string {
  const { attempts, bytesIn, bytesOut } = record;
  const { replica, instance } = replicaOf(record);
  const held = heldMs(record);
  return [
    `${record.client} ${printable(summary(record))}`,
    record.late ? "" : `${tenths(record.endedAt - record.startedAt)} ms`,
    record.late ? "" : `upstream ${tenths(upstreamMs(record))} ms`,
    held > 0 ? `held ${tenths(held)} ms` : "",
    `in ${bytesIn} B, out ${bytesOut} B`,
    record.control ? "control" : record.endless ?? "",
    replica === undefined ? "" : `${replica} ${instance}`,
    attempts.length > 1 ? `${attempts.length} attempts` : "",
    identityText(record, source),
    endText(record),
  ].filter((part) => part !== "").join(", ");
}

function identityText({ identity }: RequestRecord, source: KeySource): string {
  if (!identity) return "";
  const { requestId, key, slot } = identity;
  const id = `id ${printable(cut(requestId))}`;
  if (key === undefined) return id;
  if (key === requestId) return `slot ${slot}, ${id}`;
  return `slot ${slot}, key ${printable(shownKey(key, requestId, source))}, ${id}`;
}

/** How it ended, where that was not by an answer from elsewhere. */
function endText({ outcome = "left", reason, detail }: RequestRecord): string {
  if (outcome === "answered") return "";
  return reason === undefined ? outcome : `${outcome} (${reason}: ${detail})`;
}

/** `GET /home 200` */
function summary({ line, status, outcome }: RequestRecord): string {
  const what = line ? `${line.method} ${pathOf(line.target)}` : "request";
  return `${what} ${status > 0 ? status : outcome}`;
}

/** Who answered, or was asked last. */
function replicaOf({ control, attempts }: RequestRecord) {
  const { replica, instance } = attempts.at(-1) ?? {};
  return control ? {} : { replica, instance };
}

function heldMs({ holds, endedAt }: RequestRecord): number {
  return holds.reduce((sum, hold) => sum + (hold.endedAt ?? endedAt) - hold.startedAt, 0);
}

/** Until answers began, or did not. */
function upstreamMs({ attempts, endedAt }: RequestRecord): number {
  return attempts.reduce((sum, attempt) => {
    return sum + (attempt.firstByteAt ?? attempt.endedAt ?? endedAt) - attempt.startedAt;
  }, 0);
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
