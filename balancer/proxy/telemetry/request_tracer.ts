/**
 * Decides which requests get spans, and under which parent.
 *
 * @module
 */
import { isSampled, NOBODY, type Tracing } from "../../tracing/tracing.ts";
import type { RequestHead } from "../http1/request_head.ts";
import {
  hideTraceParent,
  hideTraceState,
  RANDOM,
  readTraceParent,
  SAMPLED,
  type TraceParent,
  traceParentText,
} from "../http1/traceparent.ts";
import type { KeyRedaction } from "./key_redaction.ts";
import { latin1 } from "../http1/latin1.ts";
import type { RecordListener } from "./record_sampler.ts";
import type { RequestRecord } from "./request_record.ts";
import type { RequestTimer } from "./request_timer.ts";
import { RequestSpan, spanName, traceParentOf } from "./request_span.ts";
import type { TraceSettings } from "../settings.ts";
import type { ProxyRequest } from "../request/request.ts";

/** Suppresses Deno's own spans of the control API, if the sampler is parent-based. */
const UNTRACED = traceParentText(NOBODY);

/** Traces one worker's requests. */
export class RequestTracer implements RecordListener {
  readonly #tracing: Tracing;
  readonly #heedsClient: boolean;
  readonly #keys: KeyRedaction;
  readonly #head: RequestHead;

  /**
   * @param tracing creates spans
   * @param settings the worker's settings of traces
   * @param keys redacts keys
   * @param head the head that was parsed last
   */
  constructor(
    tracing: Tracing,
    { heedsClient }: TraceSettings,
    keys: KeyRedaction,
    head: RequestHead,
  ) {
    this.#head = head;
    this.#tracing = tracing;
    this.#heedsClient = heedsClient;
    this.#keys = keys;
  }

  /**
   * Begins a trace for the request whose head was parsed last, or continues the client's trace.
   *
   * @param timer the request's timer
   * @param bytes the bytes that hold the head
   * @param request the request to send
   * @returns value of the forwarded field; undefined to forward the client's field unchanged
   */
  begin(timer: RequestTimer, bytes: Uint8Array, request: ProxyRequest): string | undefined {
    const { fields } = this.#head;
    const parent = readTraceParent(fields, bytes);
    if (parent && this.#heedsClient && (parent.flags & SAMPLED) === 0) return undefined;
    hideTraceParent(fields, bytes);
    if (!parent) hideTraceState(fields, bytes);
    // Pages and scrapers poll the API: a call starts no trace, but continues one.
    if (!parent && request.destination.key === undefined) return UNTRACED;
    return this.#start(timer, bytes, request, parent);
  }

  recorded(record: RequestRecord): void {
    record.trace?.end(record, this.#keys);
  }

  #start(
    timer: RequestTimer,
    bytes: Uint8Array,
    request: ProxyRequest,
    parent: TraceParent | undefined,
  ): string {
    const record = timer.begin();
    const span = this.#tracing.start(spanName(request.method), {
      kind: "server",
      at: record.startedAt,
      ...(parent && { parent }),
    });
    if (isSampled(span)) {
      span.setAttributes(hostAttributes(this.#head, bytes));
      record.trace = new RequestSpan(this.#tracing, span, request);
    } else timer.forget();
    return traceParentOf(span, (parent?.flags ?? 0) & RANDOM);
  }
}

/** The host to which the client sent the request. */
function hostAttributes(
  { hostStart, hostEnd }: RequestHead,
  bytes: Uint8Array,
): Record<string, string | number> {
  const [, host, port] = /^(.*?)(?::(\d+))?$/.exec(latin1(bytes, hostStart, hostEnd)) ?? [];
  return {
    ...(host && { "server.address": host }),
    ...(port && { "server.port": Number(port) }),
  };
}
