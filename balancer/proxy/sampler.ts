/**
 * Counts how instances answer, for the fleet to compare them. There is one only where the settings
 * ask for it: reading the clock twice for each request is not for nothing.
 *
 * @module
 */
import type { Sample } from "../view.ts";
import type { UpstreamConnection } from "./upstream_pool.ts";

type Counts = { -readonly [K in Exclude<keyof Sample, "instance">]: number };

/** Samples since the last time. */
export class Sampler {
  #byInstance = new Map<string, Counts>();
  readonly #askedAt = new WeakMap<UpstreamConnection, number>();

  /** A request was sent. */
  asked(upstream: UpstreamConnection): void {
    this.#askedAt.set(upstream, performance.now());
  }

  /** Its response began. */
  answered(upstream: UpstreamConnection, status: number): void {
    const { instance } = upstream.pool.upstream;
    const counts = this.#byInstance.get(instance) ?? { responses: 0, errors: 0, firstByteMs: 0 };
    counts.responses++;
    if (status >= 500) counts.errors++;
    const now = performance.now();
    counts.firstByteMs += now - (this.#askedAt.get(upstream) ?? now);
    this.#byInstance.set(instance, counts);
  }

  /** What was counted since the last time; empty when nothing was. */
  take(): readonly Sample[] {
    if (this.#byInstance.size === 0) return [];
    const samples = [...this.#byInstance].map(([instance, counts]) => ({ instance, ...counts }));
    this.#byInstance = new Map();
    return samples;
  }
}
