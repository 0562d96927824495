/**
 * Bounds how many replacements are started within a minute: a fleet that dies as fast as it is
 * started must not wear the machine out.
 *
 * @module
 */

const WINDOW_MS = 60_000;

/** The replacements of the last minute. */
export class StartBudget {
  readonly #perMinute: number;
  /** When each of them was started, oldest first. */
  #startedAt: number[] = [];

  /** @param perMinute how many there may be in a minute */
  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** How many may be started at this time. */
  left(now: number): number {
    this.#forget(now);
    return Math.max(0, this.#perMinute - this.#startedAt.length);
  }

  /** Counts one. */
  spend(now: number): void {
    this.#startedAt.push(now);
  }

  /** When there will be room again, milliseconds since the epoch; `Infinity` where there is some. */
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
