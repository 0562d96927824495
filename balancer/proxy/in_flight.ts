/**
 * Counts the requests in flight to each instance, and tells when there are none.
 *
 * @module
 */

/** Requests in flight, by instance. */
export class InFlight {
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Map<string, Set<() => void>>();

  /**
   * Counts a request in.
   *
   * @param instance id of the instance
   * @returns counts it out again; further calls do nothing
   */
  enter(instance: string): () => void {
    this.#counts.set(instance, this.count(instance) + 1);
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#leave(instance);
    };
  }

  /** Requests in flight to an instance. */
  count(instance: string): number {
    return this.#counts.get(instance) ?? 0;
  }

  /**
   * Waits until nothing is in flight to an instance.
   *
   * @param instance id of the instance
   * @param deadlineMs longest wait in milliseconds
   * @returns true when it is idle, false when the deadline came first
   */
  idle(instance: string, deadlineMs: number): Promise<boolean> {
    if (this.count(instance) === 0) return Promise.resolve(true);
    const waiting = this.#waiting.get(instance) ?? new Set();
    this.#waiting.set(instance, waiting);
    return new Promise((resolve) => {
      const settle = (idle: boolean) => {
        clearTimeout(deadline);
        waiting.delete(wake);
        resolve(idle);
      };
      const wake = () => settle(true);
      const deadline = setTimeout(() => settle(false), deadlineMs);
      waiting.add(wake);
    });
  }

  #leave(instance: string): void {
    const count = this.count(instance) - 1;
    if (count > 0) {
      this.#counts.set(instance, count);
      return;
    }
    this.#counts.delete(instance);
    for (const wake of this.#waiting.get(instance) ?? []) wake();
    this.#waiting.delete(instance);
  }
}
