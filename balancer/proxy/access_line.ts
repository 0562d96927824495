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
import type { Attempt, RequestRecord } from "./request_record.ts";

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
  if (style === "json") {
    const clock = new Timestamps();
    return (record) => jsonLine(record, source, clock.of(record.endedAt));
  }
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
function jsonLine(record: RequestRecord, source: KeySource, timestamp: string): string {
  const { line, identity, reason, detail } = record;
  return `{"@timestamp":"${timestamp}"` +
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
    replicaFields(record) +
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

function textOf(record: RequestRecord, source: KeySource): string {
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

/** Times as ISO 8601 has them; what the lines of one second have in common is made once. */
class Timestamps {
  #second = -1;
  #prefix = "";

  of(epochMs: number): string {
    const second = Math.floor(epochMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#prefix = new Date(1000 * second).toISOString().slice(0, -4);
    }
    return `${this.#prefix}${String(Math.floor(epochMs) % 1000).padStart(3, "0")}Z`;
  }
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
