/**
 * The part of OpenTelemetry that this program uses. Deno creates and exports the spans if the
 * standard environment variables turn OpenTelemetry on; otherwise none of it is loaded.
 *
 * @module
 */
import type { Attributes, Context, Span, TracerProvider } from "@opentelemetry/api";

export type { Attributes, Span, SpanContext } from "@opentelemetry/api";

/** The span of another program. */
interface RemoteSpan {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits. */
  readonly spanId: string;
  /** Flags of the field `traceparent`. */
  readonly flags: number;
}

/** The options of a new span. */
interface SpanStart {
  /** The role of the span: `server` answers a request, `client` sends one. */
  readonly kind?: keyof typeof KINDS;
  /** The parent span; without one the span begins a trace. */
  readonly parent?: Span | RemoteSpan;
  /** Start in milliseconds since the epoch; the default is now. */
  readonly at?: number;
  readonly attributes?: Attributes;
}

/** The values of the API's enumeration, which is loaded only at runtime. */
const KINDS = { internal: 0, server: 1, client: 2 } as const;
const ERROR = 2;
const SAMPLED = 1;

/** The instrumentation scope of the spans. */
const SCOPE = "ringkeeper";

/** The global key under which the API keeps a runtime's registrations, by major version. */
const REGISTRY = Symbol.for("opentelemetry.js.api.1");

/**
 * Parent of the program's own background work, which is not traced. A sampler that decides by trace
 * id takes the lower ids, and this is the highest.
 */
export const NOBODY: RemoteSpan = {
  traceId: "f".repeat(32),
  spanId: "f".repeat(16),
  flags: 0,
};

type Api = typeof import("@opentelemetry/api");

/** Creates spans. */
export class Tracing {
  readonly #api: Api;
  readonly #tracer: ReturnType<TracerProvider["getTracer"]>;

  /** @param api the loaded API package */
  constructor(api: Api) {
    this.#api = api;
    this.#tracer = api.trace.getTracer(SCOPE);
  }

  /** Starts a span. The sampler decides at the start whether the span is exported. */
  start(name: string, { kind = "internal", parent, at, attributes }: SpanStart): Span {
    const options = {
      kind: KINDS[kind],
      root: parent === undefined,
      ...(at !== undefined && { startTime: at }),
      ...(attributes && { attributes }),
    };
    const context = parent === undefined ? undefined : this.#contextOf(parent);
    return this.#tracer.startSpan(name, options, context);
  }

  /**
   * Runs background work. Deno's automatic spans, such as those of `fetch`, are left out of traces
   * for all of that work, if the sampler follows the parent's decision.
   */
  quietly<T>(work: () => T): T {
    return this.#api.context.with(this.#contextOf(NOBODY), work);
  }

  #contextOf(parent: Span | RemoteSpan): Context {
    const { trace, ROOT_CONTEXT } = this.#api;
    if ("spanContext" in parent) return trace.setSpan(ROOT_CONTEXT, parent);
    const { traceId, spanId, flags } = parent;
    const remote = { traceId, spanId, traceFlags: flags, isRemote: true };
    return trace.setSpanContext(ROOT_CONTEXT, remote);
  }
}

/** Loads OpenTelemetry if it is turned on; undefined if not. */
export async function openTracing(): Promise<Tracing | undefined> {
  const registry = (globalThis as { [REGISTRY]?: { trace?: unknown } })[REGISTRY];
  if (registry?.trace === undefined) return undefined;
  return new Tracing(await import("@opentelemetry/api"));
}

/** Whether a span will be exported. */
export function isSampled(span: Span): boolean {
  return (span.spanContext().traceFlags & SAMPLED) !== 0;
}

/** Marks a span as failed. @param message why, in words */
export function fail(span: Span, message: string): void {
  span.setStatus({ code: ERROR, message });
}
