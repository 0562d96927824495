/**
 * Helpers of tracing tests: a provider that keeps ended spans.
 *
 * @module
 */
import { type Attributes, type Context, type SpanOptions, trace } from "@opentelemetry/api";
import { openTracing, type Tracing } from "./tracing.ts";

/** An ended span. */
export interface EndedSpan {
  readonly name: string;
  readonly spanId: string;
  /** The parent's span id; undefined for the root of a trace. */
  readonly parentSpanId: string | undefined;
  readonly from: unknown;
  readonly to: unknown;
  readonly attributes: Attributes;
  readonly failed: boolean;
}

const TRACE_ID = "1".repeat(32);

/**
 * Keeps spans instead of exporting them while a test runs.
 *
 * @param test receives the tracing, and the spans that have ended
 */
export async function withSpans(
  test: (tracing: Tracing, ended: readonly EndedSpan[]) => void | Promise<void>,
): Promise<void> {
  const ended: EndedSpan[] = [];
  let count = 0;
  const startSpan = (name: string, options: SpanOptions, context?: Context) => {
    const spanId = String(++count).padStart(16, "0");
    const parentSpanId = context && trace.getSpanContext(context)?.spanId;
    let [failed, attributes] = [false, options.attributes ?? {}];
    return {
      spanContext: () => ({ traceId: TRACE_ID, spanId, traceFlags: 1 }),
      setStatus: () => failed = true,
      setAttribute: (key: string, value: string) => attributes = { ...attributes, [key]: value },
      setAttributes: (more: Attributes) => attributes = { ...attributes, ...more },
      addEvent: () => {},
      end: (to: unknown) =>
        ended.push({ name, spanId, parentSpanId, from: options.startTime, to, attributes, failed }),
    };
  };
  const getTracer = () => ({ startSpan }) as unknown as ReturnType<typeof trace.getTracer>;
  trace.setGlobalTracerProvider({ getTracer });
  try {
    const tracing = await openTracing();
    if (!tracing) throw new Error("a provider is registered, and tracing is off");
    await test(tracing, ended);
  } finally {
    trace.disable();
  }
}
