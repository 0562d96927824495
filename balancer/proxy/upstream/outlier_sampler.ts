/**
 * Counts how instances answer, so that the fleet can compare them. Exists only when outlier
 * detection is on: it reads the clock twice for each request.
 *
 * @module
 */
import { MAX_BAD_KEYS, type Sample, SLOW_RESPONSE_MS } from "../../view.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";

interface Counts {
  responses: number;
  errors: number;
  firstByteMs: number;
  /** The keys of bad responses, up to a bound. */
  readonly badKeys: Set<string>;
}

/** Samples since the previous call of `take`. */
export class OutlierSampler {
  #byInstance = new Map<string, Counts>();
  readonly #askedAt = new WeakMap<UpstreamConnection, number>();

  /** A request was sent. */
  attemptStarted(upstream: UpstreamConnection): void {
    this.#askedAt.set(upstream, performance.now());
  }

  /** Its response began. */
  responseStarted(upstream: UpstreamConnection, status: number): void {
    const counts = this.#countsOf(upstream.pool.upstream.instance);
    const now = performance.now();
    const firstByteMs = now - (this.#askedAt.get(upstream) ?? now);
    counts.responses++;
    counts.firstByteMs += firstByteMs;
    if (status >= 500) counts.errors++;
    const bad = status >= 500 || firstByteMs >= SLOW_RESPONSE_MS;
    if (!bad || counts.badKeys.size === MAX_BAD_KEYS) return;
    counts.badKeys.add(upstream.request?.destination.key ?? "");
  }

  #countsOf(instance: string): Counts {
    let counts = this.#byInstance.get(instance);
    if (!counts) {
      counts = { responses: 0, errors: 0, firstByteMs: 0, badKeys: new Set() };
      this.#byInstance.set(instance, counts);
    }
    return counts;
  }

  /** Returns the samples since the previous call; empty if there are none. */
  take(): readonly Sample[] {
    if (this.#byInstance.size === 0) return [];
    const samples = [...this.#byInstance].map(([instance, { badKeys, ...counts }]) => ({
      instance,
      ...counts,
      badKeys: badKeys.size,
    }));
    this.#byInstance = new Map();
    return samples;
  }
}
