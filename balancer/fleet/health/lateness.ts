/**
 * How late this thread is with everything that it does: busy with other work, or not run by the
 * system.
 *
 * @module
 */

/** Milliseconds between two looks at the clock. */
const TICK_MS = 100;

/**
 * One timer for all that measure at the same time: each heartbeat does, and a timer for each would
 * cost more than the rest of it.
 */
class Ticker {
  /** How many measurements are under way. */
  #users = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #lookedAt = 0;
  #ms = 0;

  /** Milliseconds that the thread was late for, up to now. */
  get ms(): number {
    return this.#ms + this.#pending(performance.now());
  }

  begin(): void {
    if (this.#users++ > 0) return;
    this.#lookedAt = performance.now();
    this.#timer = setInterval(() => this.#look(), TICK_MS);
  }

  end(): void {
    if (--this.#users === 0) clearInterval(this.#timer);
  }

  #pending(now: number): number {
    return Math.max(0, now - this.#lookedAt - TICK_MS);
  }

  #look(): void {
    const now = performance.now();
    this.#ms += this.#pending(now);
    this.#lookedAt = now;
  }
}

const TICKER = new Ticker();

/** How late the thread is from the moment that this is made on. */
export class Lateness {
  readonly #from: number;
  #total: number | undefined;

  constructor() {
    TICKER.begin();
    this.#from = TICKER.ms;
  }

  /** Milliseconds that the thread was late for in all. */
  get ms(): number {
    return this.#total ?? TICKER.ms - this.#from;
  }

  /** Ends the measurement. */
  end(): void {
    if (this.#total !== undefined) return;
    this.#total = this.ms;
    TICKER.end();
  }
}
