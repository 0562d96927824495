/**
 * The Prometheus text format. The client library is loaded by the first scrape, so that a balancer
 * without scrapes does not pay for it.
 *
 * @module
 */
import type { Registry } from "prom-client";
import { turnOfLoop } from "../turn_of_loop.ts";
import type { MetricFamily, Value } from "./metric_family.ts";

/** The response to a scrape. */
export interface Exposition {
  /** The value of Content-Type. */
  readonly contentType: string;
  /** The text in UTF-8, in parts: one piece of megabytes would take milliseconds to put together. */
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
}

/** Values per slice: a few milliseconds of the main thread. */
const SLICE = 200;

/**
 * Writes metrics in slices: the metrics of a thousand replicas would otherwise block heartbeats and
 * views on the main thread for half a second.
 *
 * @param families the metrics
 */
export async function expose(families: readonly MetricFamily[]): Promise<Exposition> {
  const Registry = await loadRegistry();
  const encoder = new TextEncoder();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let written = 0;
  for (const family of families) {
    const gap = parts.length > 0 ? "\n" : "";
    for (const slice of slicesOf(family)) {
      if (written > 0 && written + slice.values.length > SLICE) {
        await turnOfLoop();
        written = 0;
      }
      const text = await textOf(slice, new Registry());
      parts.push(encoder.encode(slice.isFirst ? `${gap}${text}\n` : `${withoutHeader(text)}\n`));
      written += slice.values.length;
    }
  }
  return { contentType: new Registry().contentType, parts };
}

/** The registry alone: the whole library would take 60 ms of the main thread. */
async function loadRegistry(): Promise<typeof Registry> {
  return (await import("prom-client/lib/registry.js")).default;
}

/** A part of a family. */
interface Slice extends MetricFamily {
  readonly values: readonly Value[];
  readonly isFirst: boolean;
}

function* slicesOf(family: MetricFamily): Generator<Slice> {
  let values: Value[] = [];
  let isFirst = true;
  for (const value of family.values) {
    values.push(value);
    if (values.length < SLICE) continue;
    yield { ...family, values, isFirst };
    [values, isFirst] = [[], false];
  }
  if (isFirst || values.length > 0) yield { ...family, values, isFirst };
}

async function textOf(family: MetricFamily, registry: Registry): Promise<string> {
  // The registry needs only a metric's name and the result of `get`.
  const metric = { name: family.name, get: () => Promise.resolve(family) };
  registry.registerMetric(metric as unknown as Parameters<typeof registry.registerMetric>[0]);
  return (await registry.metrics()).trimEnd();
}

/** Without the lines HELP and TYPE, which occur once per family. */
function withoutHeader(text: string): string {
  return text.split("\n").slice(2).join("\n");
}
