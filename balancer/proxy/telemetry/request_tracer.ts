/**
 * Decides of which requests there are spans, and under which parent.
 *
 * @module
 */
import { isSampled, NOBODY, type Tracing } from "../../tracing/tracing.ts";
import type { Downstream } from "../downstream/client_connection.ts";
import {
  hideTraceParent,
  hideTraceState,
  RANDOM,
  readTraceParent,
  SAMPLED,
  type TraceParent,
  traceParentText,
} from "../http1/traceparent.ts";
import type { KeyText } from "./key_redaction.ts";
import { latin1 } from "../http1/latin1.ts";
import type { RecordListener } from "./record_sampler.ts";
import type { RequestRecord } from "./request_record.ts";
import { RequestTrace, spanName, traceParentOf } from "./request_span.ts";
import type { TraceSettings } from "../settings.ts";
import type { Transaction } from "../request/request.ts";

/** Has what Deno itself traces in the control API left out, where the sampler heeds a parent. */
const UNTRACED = traceParentText(NOBODY);

/** The traces of one worker's requests. */
export class RequestTraces implements RecordListener {
  readonly #tracing: Tracing;
  readonly #heedsClient: boolean;
  readonly #keys: KeyText;

  /**
   * @param tracing makes spans
   * @param settings what the worker was told of traces
   * @param keys write keys
   */
  constructor(tracing: Tracing, { heedsClient }: TraceSettings, keys: KeyText) {
    this.#tracing = tracing;
    this.#heedsClient = heedsClient;
    this.#keys = keys;
  }

  /**
   * Begins the trace of the request whose head was parsed last, or goes on with the client's.
   *
   * @param client where it came from
   * @param request what is to be sent
   * @returns value of the field that it is sent on with; undefined: what came crosses as it is
   */
  begin(client: Downstream, request: Transaction): string | undefined {
    const { proxy: { requestHead: { fields } }, wire: { bytes } } = client;
    const parent = readTraceParent(fields, bytes);
    if (parent && this.#heedsClient && (parent.flags & SAMPLED) === 0) return undefined;
    hideTraceParent(fields, bytes);
    if (!parent) hideTraceState(fields, bytes);
    // Pages and scrapers ask again and again: a call begins no trace, and goes on with one.
    if (!parent && request.destination.key === undefined) return UNTRACED;
    return this.#start(client, request, parent);
  }

  recorded(record: RequestRecord): void {
    record.trace?.end(record, this.#keys);
  }

  #start(client: Downstream, request: Transaction, parent: TraceParent | undefined): string {
    const record = client.stopwatch.begin();
    const span = this.#tracing.start(spanName(request.method), {
      kind: "server",
      at: record.startedAt,
      ...(parent && { parent }),
    });
    if (isSampled(span)) {
      span.setAttributes(hostAttributes(client));
      record.trace = new RequestTrace(this.#tracing, span, request);
    } else client.stopwatch.forget();
    return traceParentOf(span, (parent?.flags ?? 0) & RANDOM);
  }
}

/** Whom the client believes to speak to. */
function hostAttributes(
  { proxy: { requestHead }, wire }: Downstream,
): Record<string, string | number> {
  const { hostStart, hostEnd } = requestHead;
  const [, host, port] = /^(.*?)(?::(\d+))?$/.exec(latin1(wire.bytes, hostStart, hostEnd)) ?? [];
  return {
    ...(host && { "server.address": host }),
    ...(port && { "server.port": Number(port) }),
  };
}
