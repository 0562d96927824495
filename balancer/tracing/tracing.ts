/**
 * OpenTelemetry, as far as this program uses it. Deno makes and exports the spans, where the
 * standard environment variables tell it to; nothing of it is loaded where they do not.
 *
 * @module
 */
import type { Attributes, Context, Span, TracerProvider } from "@opentelemetry/api";

export type { Attributes, Span, SpanContext } from "@opentelemetry/api";

/** Another program's span. */
interface RemoteSpan {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits. */
  readonly spanId: string;
  /** Bits of the field `traceparent`. */
  readonly flags: number;
}

/** What a span begins with. */
interface SpanStart {
  /** Whom it serves or asks: `server` answers a request, `client` sends one. */
  readonly kind?: keyof typeof KINDS;
  /** The span that it is a part of; none: it begins a trace. */
  readonly parent?: Span | RemoteSpan;
  /** Milliseconds since the epoch; now unless it is given. */
  readonly at?: number;
  readonly attributes?: Attributes;
}

/** The values of the API's enumeration, which is loaded later than types are checked. */
const KINDS = { internal: 0, server: 1, client: 2 } as const;
const ERROR = 2;
const SAMPLED = 1;

/** Who makes the spans, as a backend shows it. */
const SCOPE = "ringkeeper";

/** Where the API keeps what a runtime has registered, by its major version. */
const REGISTRY = Symbol.for("opentelemetry.js.api.1");

/**
 * Parent of work of the program's own, which nobody asked for and nobody wants to see. A sampler
 * that goes by the trace's id takes the lower ones, and this is the highest.
 */
export const NOBODY: RemoteSpan = {
  traceId: "f".repeat(32),
  spanId: "f".repeat(16),
  flags: 0,
};

type Api = typeof import("@opentelemetry/api");

/** Makes spans. */
export class Tracing {
  readonly #api: Api;
  readonly #tracer: ReturnType<TracerProvider["getTracer"]>;

  /** @param api the package, loaded */
  constructor(api: Api) {
    this.#api = api;
    this.#tracer = api.trace.getTracer(SCOPE);
  }

  /** Begins a span. Whether it is exported at its end is the sampler's decision. */
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
   * Does work of the program's own: what Deno traces by itself, such as `fetch`, is left out of it
   * and of all that follows from it, where the sampler goes by what a parent says.
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

/** Loads OpenTelemetry where it was turned on; undefined where it was not. */
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
