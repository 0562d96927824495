/**
 * Counts the requests in flight to each instance, and tells when there are none.
 *
 * @module
 */

/** The requests in flight to one instance. */
export class Gauge {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  get count(): number {
    return this.#count;
  }

  /** Counts a request in. */
  enter(): void {
    this.#count++;
  }

  /** Counts a request out. */
  leave(): void {
    if (--this.#count > 0 || this.#waiting.size === 0) return;
    for (const callback of this.#waiting) callback();
    this.#waiting.clear();
  }

  /** Calls back once, now or when nothing is in flight. @returns takes that back */
  onIdle(callback: () => void): () => void {
    if (this.#count === 0) callback();
    else this.#waiting.add(callback);
    return () => this.#waiting.delete(callback);
  }

  /**
   * Waits until nothing is in flight.
   *
   * @param deadlineMs longest wait in milliseconds
   * @returns true when it is idle, false when the deadline came first
   */
  idle(deadlineMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const forget = this.onIdle(() => resolve(true));
    const deadline = setTimeout(() => resolve(false), deadlineMs);
    return promise.finally(() => {
      clearTimeout(deadline);
      forget();
    });
  }
}

/** The gauges of all instances that have requests in flight, or may get some. */
export class InFlight {
  readonly #gauges = new Map<string, Gauge>();

  /** The gauge of an instance. */
  gauge(instance: string): Gauge {
    const gauge = this.#gauges.get(instance) ?? new Gauge();
    this.#gauges.set(instance, gauge);
    return gauge;
  }

  /** Forgets an instance that gets no more requests, once those in flight are over. */
  forget(instance: string): void {
    const gauge = this.#gauges.get(instance);
    gauge?.onIdle(() => this.#gauges.delete(instance));
  }

  /**
   * Waits until nothing is in flight to an instance.
   *
   * @param instance id of the instance
   * @param deadlineMs longest wait in milliseconds
   * @returns true when it is idle, false when the deadline came first
   */
  idle(instance: string, deadlineMs: number): Promise<boolean> {
    return this.#gauges.get(instance)?.idle(deadlineMs) ?? Promise.resolve(true);
  }
}
