/**
 * The spans of one request: its own, one for each attempt to have it answered, one for each wait.
 * Attributes are those of OpenTelemetry's conventions for HTTP, and `ringkeeper.` for what is ours.
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

/** The methods that the conventions know; any other would make a name of every invention. */
const METHODS: ReadonlySet<string> = new Set(
  ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"],
);

/** An attempt's span, and where it goes. */
interface Asked {
  readonly span: Span;
  readonly address: UpstreamAddress;
}

/** The spans of a request. */
export class RequestSpan {
  readonly #tracing: Tracing;
  readonly #span: Span;
  readonly #request: ProxyRequest;
  /** As long as the record's attempts, or one longer where the last was not made after all. */
  readonly #asked: Asked[] = [];
  /** Index after the head of the request as it is sent. */
  #headEnd = 0;

  /**
   * @param tracing makes spans
   * @param span the request's own
   * @param request what is sent
   */
  constructor(tracing: Tracing, span: Span, request: ProxyRequest) {
    this.#tracing = tracing;
    this.#span = span;
    this.#request = request;
  }

  /** Which span is the request's own. */
  get context(): SpanContext {
    return this.#span.spanContext();
  }

  /**
   * The head is written, and the field is its last line.
   *
   * @param end index after it
   */
  place(end: number): void {
    this.#headEnd = end;
  }

  /**
   * An attempt begins. What is sent names its span as the parent: the same bytes go to whoever is
   * tried, but for these sixteen.
   *
   * @param index which of the record's attempts
   * @param attempt the attempt
   * @param upstream whom it goes to
   */
  ask(index: number, { startedAt }: Attempt, { address }: Upstream): void {
    this.#begin(index, startedAt, address);
  }

  /** It begins anew, for it had to wait before anything was done. */
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
   * It is over: whatever began, ends.
   *
   * @param record all that is known of it
   * @param keys write keys, for they may be credentials
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
 * What a request's span is called, and the value of `traceparent` that names it.
 *
 * @param span the span
 * @param flags other bits of the field than that it is sampled
 */
export function traceParentOf(span: Span, flags: number): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return traceParentText({ traceId, spanId, flags: traceFlags | flags });
}

/** What a request's span is called: its method, for a proxy knows nothing of its routes. */
export function spanName(method: string): string {
  return METHODS.has(method) ? method : "HTTP";
}

/** Its query stays out of it, for credentials may be in there. */
function requestAttributes(record: RequestRecord, keys: KeyRedaction): Attributes {
  const { line, identity, attempts, client, peer, status, outcome, reason } = record;
  const last = attempts.at(-1);
  const [path] = line?.target.split("?", 1) ?? [];
  return {
    ...methodAttributes(line?.method ?? ""),
    "url.scheme": "http",
    "url.path": path ?? "",
    "network.protocol.version": `1.${line?.minor ?? 1}`,
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
  return { "server.address": address.hostname, "server.port": address.port };
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
