/**
 * The Prometheus text format. The client library is loaded with the first scrape: who is never
 * scraped does not pay for it.
 *
 * @module
 */
import type { Registry } from "prom-client";
import type { Family } from "./family.ts";

/** A scrape's answer. */
export interface Exposition {
  /** For Content-Type. */
  readonly contentType: string;
  readonly text: string;
}

/** So many values are written in one go: a few milliseconds of the main thread. */
const SLICE = 500;

/**
 * Writes metrics, a slice at a time: those of a thousand replicas would keep the main thread from
 * heartbeats and views for half a second.
 *
 * @param families the metrics
 */
export async function expose(families: readonly Family[]): Promise<Exposition> {
  const { Registry } = await import("prom-client");
  const texts: string[] = [];
  let written = 0;
  for (const family of families) {
    const lines: string[] = [];
    for (const slice of slicesOf(family)) {
      if (written > 0 && written + slice.values.length > SLICE) {
        await turnOfLoop();
        written = 0;
      }
      const text = await textOf(slice, new Registry());
      lines.push(slice.isFirst ? text : withoutHeader(text));
      written += slice.values.length;
    }
    texts.push(lines.join("\n"));
  }
  return { contentType: new Registry().contentType, text: `${texts.join("\n\n")}\n` };
}

/** A part of a family. */
interface Slice extends Family {
  readonly isFirst: boolean;
}

function* slicesOf(family: Family): Generator<Slice> {
  for (let at = 0; at === 0 || at < family.values.length; at += SLICE) {
    yield { ...family, values: family.values.slice(at, at + SLICE), isFirst: at === 0 };
  }
}

async function textOf(family: Family, registry: Registry): Promise<string> {
  // All that the registry wants of a metric is its name and what `get` answers.
  const metric = { name: family.name, get: () => Promise.resolve(family) };
  registry.registerMetric(metric as unknown as Parameters<typeof registry.registerMetric>[0]);
  return (await registry.metrics()).trimEnd();
}

/** Without the lines HELP and TYPE, of which a family has one each. */
function withoutHeader(text: string): string {
  return text.split("\n").slice(2).join("\n");
}

/** Lets everything else have its turn of the event loop. */
function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
