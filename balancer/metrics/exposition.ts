/**
 * The Prometheus text format. The client library is loaded with the first scrape: who is never
 * scraped does not pay for it.
 *
 * @module
 */
import type { Family } from "./family.ts";

/** A scrape's answer. */
export interface Exposition {
  /** For Content-Type. */
  readonly contentType: string;
  readonly text: string;
}

/**
 * Writes metrics.
 *
 * @param families the metrics
 */
export async function expose(families: readonly Family[]): Promise<Exposition> {
  const { Registry } = await import("prom-client");
  const registry = new Registry();
  for (const family of families) {
    // All that the registry wants of a metric is its name and what `get` answers.
    const metric = { name: family.name, get: () => Promise.resolve(family) };
    registry.registerMetric(metric as unknown as Parameters<typeof registry.registerMetric>[0]);
  }
  return { contentType: registry.contentType, text: await registry.metrics() };
}
