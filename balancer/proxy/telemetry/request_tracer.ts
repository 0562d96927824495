/**
 * Decides of which requests there are spans, and under which parent.
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

/** Has what Deno itself traces in the control API left out, where the sampler heeds a parent. */
const UNTRACED = traceParentText(NOBODY);

/** The traces of one worker's requests. */
export class RequestTracer implements RecordListener {
  readonly #tracing: Tracing;
  readonly #heedsClient: boolean;
  readonly #keys: KeyRedaction;
  readonly #head: RequestHead;

  /**
   * @param tracing makes spans
   * @param settings what the worker was told of traces
   * @param keys write keys
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
   * Begins the trace of the request whose head was parsed last, or goes on with the client's.
   *
   * @param timer the request's
   * @param bytes the bytes that hold the head
   * @param request what is to be sent
   * @returns value of the field that it is sent on with; undefined: what came crosses as it is
   */
  begin(timer: RequestTimer, bytes: Uint8Array, request: ProxyRequest): string | undefined {
    const { fields } = this.#head;
    const parent = readTraceParent(fields, bytes);
    if (parent && this.#heedsClient && (parent.flags & SAMPLED) === 0) return undefined;
    hideTraceParent(fields, bytes);
    if (!parent) hideTraceState(fields, bytes);
    // Pages and scrapers ask again and again: a call begins no trace, and goes on with one.
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

/** Whom the client believes to speak to. */
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
