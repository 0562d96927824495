/**
 * How late this thread is with everything that it does: busy with other work, or not run by the
 * system.
 *
 * @module
 */

/** Milliseconds between two looks at the clock. */
const TICK_MS = 100;

/** Adds up how late a timer is, from the moment it is made on. */
export class Lateness {
  readonly #timer = setInterval(() => this.#look(), TICK_MS);
  #lookedAt = performance.now();
  #ms = 0;

  /** Milliseconds that the thread was late for in all. */
  get ms(): number {
    return this.#ms;
  }

  /** Ends the measurement. */
  end(): void {
    clearInterval(this.#timer);
    this.#look();
  }

  #look(): void {
    const now = performance.now();
    this.#ms += Math.max(0, now - this.#lookedAt - TICK_MS);
    this.#lookedAt = now;
  }
}
