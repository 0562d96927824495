/**
 * Measures how late this thread is: busy with other work, or not scheduled by the system.
 *
 * @module
 */

/** Interval of the timer, in milliseconds. */
const TICK_MS = 100;

/**
 * One timer for all concurrent measurements: each heartbeat measures, and a timer for each would
 * cost more than the heartbeat itself.
 */
class Ticker {
  /** Number of measurements in progress. */
  #users = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #lookedAt = 0;
  #ms = 0;

  /** Total lateness of the thread so far, in milliseconds. */
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

/** The lateness of the thread since this object was created. */
export class Lateness {
  readonly #from: number;
  #total: number | undefined;

  constructor() {
    TICKER.begin();
    this.#from = TICKER.ms;
  }

  /** Lateness in milliseconds. */
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
