/**
 * A server that receives OpenTelemetry's exports (OTLP over HTTP), for tests of traces.
 *
 * @module
 */
import { within } from "./raw.ts";

/** A span that was exported. */
export interface ExportedSpan {
  /** `service.name` of the exporting process. */
  readonly service: string;
  /** Which library made it: `ringkeeper`, or `deno` where it did so by itself. */
  readonly scope: string;
  readonly name: string;
  readonly kind: string;
  readonly traceId: string;
  readonly spanId: string;
  /** "" where it is the first of its trace. */
  readonly parentSpanId: string;
  /** Nanoseconds since the epoch. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly string[];
  readonly failed: boolean;
}

/** The fields of the JSON form (opentelemetry-proto, trace/v1) that tests read. */
interface TracesData {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly JsonSpan[];
    }[];
  }[];
}

interface JsonSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly events: readonly { readonly name: string }[];
  readonly status: { readonly code: number };
}

interface KeyValue {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly boolValue?: boolean;
    readonly intValue?: string;
    readonly doubleValue?: number;
  };
}

const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const FAILED = 2;

/** A receiver of traces. */
export class OtlpReceiver implements AsyncDisposable {
  /** Every span that came, in this order. */
  readonly spans: ExportedSpan[] = [];
  /** Every other export: its path, its media type and its bytes. */
  readonly others: { readonly path: string; readonly type: string; readonly bytes: Uint8Array }[] =
    [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #onExport = Promise.withResolvers<void>();

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#take(request),
    );
  }

  /** The standard variables by which a program exports to it, at once and in JSON. */
  get env(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_DENO_METRICS: "false",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_SERVICE_NAME: "ringkeeper",
      OTEL_TRACES_SAMPLER: "parentbased_always_on",
      OTEL_BSP_SCHEDULE_DELAY: "50",
      OTEL_BSP_MAX_QUEUE_SIZE: "100000",
    };
  }

  /** Waits for an export that makes something so. */
  async until<T>(what: string, wanted: () => T | undefined): Promise<T> {
    const wait = async () => {
      for (;;) {
        const found = wanted();
        if (found !== undefined) return found;
        await this.#onExport.promise;
      }
    };
    return await within(what, wait(), 60_000);
  }

  /** Waits for a span. */
  span(what: string, wanted: (span: ExportedSpan) => boolean): Promise<ExportedSpan> {
    return this.until(what, () => this.spans.find(wanted));
  }

  /** The received spans of one trace. */
  trace(traceId: string): ExportedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  /** Takes nothing any more. */
  async close(): Promise<void> {
    await this.#server.shutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #take(request: Request): Promise<Response> {
    const type = request.headers.get("content-type") ?? "";
    const { pathname: path } = new URL(request.url);
    const bytes = new Uint8Array(await request.arrayBuffer());
    if (path === "/v1/traces" && type === "application/json") {
      this.spans.push(...spansIn(JSON.parse(new TextDecoder().decode(bytes))));
    } else this.others.push({ path, type, bytes });
    this.#onExport.resolve();
    this.#onExport = Promise.withResolvers();
    const body = type === "application/json" ? "{}" : "";
    return new Response(body, { headers: { "content-type": type } });
  }
}

function spansIn({ resourceSpans }: TracesData): ExportedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(recordOf(resource.attributes)["service.name"]);
    return scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => spanOf(span, service, scope.name))
    );
  });
}

function spanOf(span: JsonSpan, service: string, scope: string): ExportedSpan {
  return {
    service,
    scope,
    name: span.name,
    kind: KINDS[span.kind] ?? String(span.kind),
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    start: BigInt(span.startTimeUnixNano),
    end: BigInt(span.endTimeUnixNano),
    attributes: recordOf(span.attributes),
    events: span.events.map(({ name }) => name),
    failed: span.status.code === FAILED,
  };
}

function recordOf(attributes: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf({ stringValue, boolValue, intValue, doubleValue }: KeyValue["value"]): unknown {
  return stringValue ?? boolValue ?? (intValue === undefined ? doubleValue : Number(intValue));
}
