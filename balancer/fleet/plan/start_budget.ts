/**
 * Bounds the replacements within a minute: a fleet that dies as fast as it starts must not exhaust
 * the machine.
 *
 * @module
 */

const WINDOW_MS = 60_000;

/** Counts the replacements of the last minute. */
export class StartBudget {
  readonly #perMinute: () => number;
  /** Instants of their starts, oldest first. */
  #startedAt: number[] = [];

  /** @param perMinute returns the upper bound of replacements within a minute */
  constructor(perMinute: () => number) {
    this.#perMinute = perMinute;
  }

  /** Returns how many replacements may be started now. */
  left(now: number): number {
    this.#forget(now);
    return Math.max(0, this.#perMinute() - this.#startedAt.length);
  }

  /** Counts one replacement. */
  spend(now: number): void {
    this.#startedAt.push(now);
  }

  /**
   * Returns when the next replacement is allowed.
   *
   * @param now instant of the fleet's clock, in milliseconds
   * @returns an instant in milliseconds, or `Infinity` if a replacement is allowed now
   */
  nextAt(now: number): number {
    if (this.left(now) > 0) return Infinity;
    return (this.#startedAt[0] ?? now) + WINDOW_MS;
  }

  #forget(now: number): void {
    const since = now - WINDOW_MS;
    if ((this.#startedAt[0] ?? Infinity) > since) return;
    this.#startedAt = this.#startedAt.filter((at) => at > since);
  }
}
