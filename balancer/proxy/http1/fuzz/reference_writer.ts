/**
 * A plain second implementation of the head writers: the expected output, as strings.
 *
 * @module
 */

import type { RequestAdditions, ResponseAdditions } from "../head_writer.ts";
import {
  offeredProtocols,
  type ReferenceRequest,
  type ReferenceResponse,
  valuesOf,
} from "./reference.ts";
import { isReferenceFold, isReferenceOrigin } from "./reference_names.ts";

/**
 * Returns the expected forwarded head.
 *
 * @param request the request as the reference parses it
 * @param add additions of the proxy
 */
export function referenceRequestHead(request: ReferenceRequest, add: RequestAdditions): string {
  const { fields, crossing } = request;
  const dropped = ["x-forwarded-for"];
  if (!add.trusted) dropped.push("x-forwarded-proto", "x-forwarded-host", "x-forwarded-port");
  if (request.absolute) dropped.push("host");
  if (request.minor === 0) dropped.push("expect");
  const kept = crossing.filter(({ name }) =>
    !dropped.includes(name) && !isReferenceFold(name) && (add.underscores || !name.includes("_")) &&
    (add.trusted || !isReferenceOrigin(name))
  );
  const has = (name: string) => kept.some((field) => field.name === name);
  const before = add.trusted ? valuesOf(fields, "x-forwarded-for") : [];
  const lines = [`${request.method} ${request.target} HTTP/1.1`];
  if (request.absolute) lines.push(`Host: ${request.host}`);
  else if (!has("host")) lines.push("Host:");
  const { withoutCookie } = add;
  const copied = kept.filter(({ name }) => withoutCookie === undefined || name !== "cookie");
  lines.push(...copied.map((field) => field.line));
  if (withoutCookie) lines.push(...cookieLines(valuesOf(kept, "cookie"), textOf(withoutCookie)));
  const list = [...before.filter((value) => value !== ""), textOf(add.forwardedFor)].join(", ");
  lines.push(`X-Forwarded-For: ${list}`);
  if (!has("x-forwarded-proto")) lines.push(`X-Forwarded-Proto: ${textOf(add.proto)}`);
  if (request.host !== "" && !has("x-forwarded-host")) {
    lines.push(`X-Forwarded-Host: ${request.host}`);
  }
  if (!["proto", "host", "port"].some((part) => valuesOf(kept, `x-forwarded-${part}`).length > 0)) {
    lines.push(`X-Forwarded-Port: ${textOf(add.port)}`);
  }
  if (add.via.length > 0) lines.push(`Via: ${textOf(add.via)}`);
  if (add.requestId !== undefined && !has("x-request-id")) {
    lines.push(`X-Request-Id: ${textOf(add.requestId)}`);
  }
  if (request.maxForwards >= 0) {
    lines.push(`Max-Forwards: ${Math.max(request.maxForwards - 1, 0)}`);
  }
  if (request.chunked) lines.push("Transfer-Encoding: chunked");
  if (request.upgrade) {
    lines.push("Connection: upgrade", `Upgrade: ${offeredProtocols(fields).join(", ")}`);
  } else if (request.trailers) lines.push("TE: trailers", "Connection: TE");
  if (add.traceparent !== undefined) lines.push(`traceparent: ${add.traceparent}`);
  return lines.join("\r\n") + "\r\n\r\n";
}

/**
 * Returns the expected forwarded head.
 *
 * @param response the response as the reference parses it
 * @param add additions of the proxy
 */
export function referenceResponseHead(response: ReferenceResponse, add: ResponseAdditions): string {
  const { status, fields, crossing } = response;
  const unframed = status < 200 || status === 204;
  const withLength = add.framing !== "chunked" && !unframed;
  const hidden = add.ring ? ["x-ring-slot", "x-ring-replica", "x-ring-epoch", "x-ring-digest"] : [];
  if (!withLength) hidden.push("content-length");
  const own = add.cookie && /^Set-Cookie: ([^=]+)=/.exec(textOf(add.cookie.before))?.[1];
  const kept = crossing.filter((field) =>
    !hidden.includes(field.name) && (own === undefined || !setsCookie(field, own))
  );
  const lines = [`HTTP/1.1 ${status} ${response.reason}`, ...kept.map((field) => field.line)];
  if (add.via.length > 0) lines.push(`Via: ${textOf(add.via)}`);
  if (add.requestId !== undefined && valuesOf(fields, "x-request-id").length === 0) {
    lines.push(`X-Request-Id: ${textOf(add.requestId)}`);
  }
  if (add.ring) {
    lines.push(`X-Ring-Slot: ${add.ring.slot}`, `X-Ring-Replica: ${add.ring.replica}`);
    lines.push(...textOf(add.ring.lines).trimEnd().split("\r\n"));
  }
  if (add.cookie) {
    const { before, value, after } = add.cookie;
    lines.push((textOf(before) + value + textOf(after)).slice(0, -2));
  }
  if (add.date && valuesOf(fields, "date").length === 0) {
    lines.push(textOf(add.date.bytes).slice(0, -2));
  }
  const chunked = add.framing === "chunked" || (add.framing === "as-is" && response.chunked);
  if (chunked && !unframed) lines.push("Transfer-Encoding: chunked");
  else if (response.listed && withLength) lines.push(`Content-Length: ${response.length}`);
  const names = add.connection === "upgrade" ||
    (status === 426 && valuesOf(fields, "upgrade").length > 0);
  const options = add.connection === "" ? [] : [add.connection];
  if (names && add.connection !== "upgrade") options.push("upgrade");
  if (options.length > 0) lines.push(`Connection: ${options.join(", ")}`);
  if (names) lines.push(`Upgrade: ${upgrades(fields)}`);
  return lines.join("\r\n") + "\r\n\r\n";
}

/** The remaining cookies of each field. */
function cookieLines(values: readonly string[], name: string): string[] {
  return values.map((value) =>
    value.split(";").map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ""))
      .filter((pair) => pair !== "" && !new RegExp(`^${name}[ \t]*=`).test(pair)).join("; ")
  ).filter((value) => value !== "").map((value) => `Cookie: ${value}`);
}

function setsCookie({ name, line }: ReferenceRequest["fields"][number], cookie: string): boolean {
  return name === "set-cookie" && new RegExp(`^[^:]*:[ \t]*${cookie}[ \t]*=`).test(line);
}

function upgrades(fields: ReferenceRequest["fields"]): string {
  return valuesOf(fields, "upgrade").filter((value) => value !== "").join(", ");
}

/** Converts bytes of a head to a string, one character for each byte. */
export function textOf(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}
