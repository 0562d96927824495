/**
 * The spans of one request: its own, one for each attempt, one for each wait. Attributes are those
 * of OpenTelemetry's conventions for HTTP; this program's own begin with `ringkeeper.`.
 *
 * @module
 */
import {
  type Attributes,
  fail,
  type Span,
  type SpanContext,
  type Tracing,
} from "../../tracing/tracing.ts";
import type { Upstream, UpstreamAddress } from "../../view.ts";
import { rewriteSpan, traceParentText } from "../http1/traceparent.ts";
import type { KeyRedaction } from "./key_redaction.ts";
import type { Attempt, Identity, RequestRecord } from "./request_record.ts";
import type { ProxyRequest } from "../request/request.ts";

/** The conventions' methods; other methods share one name, since clients can send any text. */
const METHODS: ReadonlySet<string> = new Set(
  ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"],
);

/** An attempt's span, and its destination. */
interface Asked {
  readonly span: Span;
  readonly address: UpstreamAddress;
}

/** The spans of a request. */
export class RequestSpan {
  readonly #tracing: Tracing;
  readonly #span: Span;
  readonly #request: ProxyRequest;
  /** As long as the record's attempts, or one longer if the last attempt was cancelled. */
  readonly #asked: Asked[] = [];
  /** Index behind the head of the request as it is sent. */
  #headEnd = 0;

  /**
   * @param tracing creates spans
   * @param span the request's own span
   * @param request the request to send
   */
  constructor(tracing: Tracing, span: Span, request: ProxyRequest) {
    this.#tracing = tracing;
    this.#span = span;
    this.#request = request;
  }

  /** The context of the request's own span. */
  get context(): SpanContext {
    return this.#span.spanContext();
  }

  /**
   * The head is written, with `traceparent` as its last line.
   *
   * @param end index behind the head
   */
  place(end: number): void {
    this.#headEnd = end;
  }

  /**
   * An attempt begins. The forwarded head names its span as the parent: every replica receives the
   * same bytes, except for these sixteen.
   *
   * @param index index of the attempt in the record
   * @param attempt the attempt
   * @param upstream the replica
   */
  ask(index: number, { startedAt }: Attempt, { address }: Upstream): void {
    this.#begin(index, startedAt, address);
  }

  /** The attempt begins again, since it had to wait before anything was sent. */
  askAgain(index: number, { startedAt }: Attempt): void {
    const asked = this.#asked[index];
    if (asked) this.#begin(index, startedAt, asked.address);
  }

  #begin(index: number, at: number, address: UpstreamAddress): void {
    const span = this.#tracing.start("attempt", { kind: "client", parent: this.#span, at });
    this.#asked[index] = { span, address };
    rewriteSpan(this.#request.out, this.#headEnd, span.spanContext().spanId);
  }

  /**
   * The request is over: ends all spans.
   *
   * @param record the complete record
   * @param keys redacts keys, which may be credentials
   */
  end(record: RequestRecord, keys: KeyRedaction): void {
    for (const { why, startedAt, endedAt } of record.holds) {
      const attributes = { "ringkeeper.hold.why": why };
      this.#tracing.start("hold", { parent: this.#span, at: startedAt, attributes }).end(endedAt);
    }
    record.attempts.forEach((attempt, index) => this.#endAttempt(attempt, index, record));
    this.#span.setAttributes(requestAttributes(record, keys));
    if (record.failed) fail(this.#span, record.detail);
    this.#span.end(record.endedAt);
  }

  #endAttempt(attempt: Attempt, index: number, record: RequestRecord): void {
    const asked = this.#asked[index];
    if (!asked) return;
    const { span, address } = asked;
    const answers = index === record.attempts.length - 1 && record.outcome !== "refused";
    const status = answers ? record.status : 0;
    span.setAttributes(attemptAttributes(attempt, index, address, record));
    if (status > 0) span.setAttribute("http.response.status_code", status);
    const error = attempt.failure ?? (status >= 400 ? String(status) : undefined);
    if (error !== undefined) {
      span.setAttribute("error.type", error);
      fail(span, "");
    }
    if (attempt.firstByteAt !== undefined) span.addEvent("first byte", attempt.firstByteAt);
    span.end(attempt.endedAt ?? record.endedAt);
  }
}

/**
 * Returns the value of `traceparent` that names a span.
 *
 * @param span the span
 * @param flags other bits of the flags than the sampled bit
 */
export function traceParentOf(span: Span, flags: number): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return traceParentText({ traceId, spanId, flags: traceFlags | flags });
}

/** Returns the name of a request's span: its method, since a proxy knows no routes. */
export function spanName(method: string): string {
  return METHODS.has(method) ? method : "HTTP";
}

/** The query is left out, since it may hold credentials. */
function requestAttributes(record: RequestRecord, keys: KeyRedaction): Attributes {
  const { line, identity, attempts, client, peer, status, outcome, reason } = record;
  const last = attempts.at(-1);
  const [path] = line?.target.split("?", 1) ?? [];
  return {
    ...methodAttributes(line?.method ?? ""),
    "url.scheme": record.scheme,
    ...tlsAttributes(record),
    "url.path": path ?? "",
    "network.protocol.version": record.version,
    "network.peer.address": peer,
    "client.address": client,
    "http.request.body.size": record.bytesIn,
    "http.response.body.size": record.bytesOut,
    ...(status > 0 && { "http.response.status_code": status }),
    ...(record.failed && { "error.type": outcome === "broken" ? outcome : String(status) }),
    ...(outcome && { "ringkeeper.outcome": outcome }),
    ...(reason && { "ringkeeper.reason": reason }),
    ...(identity && identityAttributes(identity, keys)),
    ...(last && { "ringkeeper.replica": last.replica, "ringkeeper.instance": last.instance }),
  };
}

function tlsAttributes({ tls, tlsVersion, streamId }: RequestRecord): Attributes {
  return {
    ...(tlsVersion !== undefined && { "tls.protocol.version": tlsVersion }),
    ...(tls && tls.serverName !== "" && { "tls.client.server_name": tls.serverName }),
    ...(streamId > 0 && { "ringkeeper.stream": streamId }),
  };
}

function identityAttributes(identity: Identity, keys: KeyRedaction): Attributes {
  const key = keys.of(identity);
  return {
    "ringkeeper.request_id": identity.requestId,
    ...(identity.slot >= 0 && { "ringkeeper.slot": identity.slot }),
    ...(key !== undefined && { "ringkeeper.key": key }),
  };
}

function methodAttributes(method: string): Attributes {
  if (METHODS.has(method)) return { "http.request.method": method };
  return { "http.request.method": "_OTHER", "http.request.method_original": method };
}

/** A Unix socket is an address without a port, by OpenTelemetry's conventions. */
function serverAttributes(address: UpstreamAddress): Attributes {
  if ("path" in address) return { "server.address": address.path, "network.transport": "unix" };
  const { hostname, port, tls } = address;
  return {
    ...{ "server.address": hostname, "server.port": port },
    ...(tls && { "url.scheme": "https" }),
  };
}

function attemptAttributes(
  { replica, instance, reused }: Attempt,
  index: number,
  address: UpstreamAddress,
  { line }: RequestRecord,
): Attributes {
  return {
    ...methodAttributes(line?.method ?? ""),
    ...serverAttributes(address),
    "ringkeeper.replica": replica,
    "ringkeeper.instance": instance,
    "ringkeeper.connection.reused": reused,
    ...(index > 0 && { "http.request.resend_count": index }),
  };
}
