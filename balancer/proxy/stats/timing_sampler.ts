/**
 * Samples the requests that are timed: all of them at low rates, above that one request in N, which
 * stands for the others. Four clock readings cost more than everything else that is counted, and a
 * thousand samples a second are as accurate as all.
 * @module
 */

/** Timed requests between two ticks; twice as many at most. */
const PER_TICK = 100;

/** Chooses the timed requests of one worker. */
export class TimingSampler {
  #stride = 1;
  #left = 1;
  #seen = 0;

  /** @returns the number of requests that the next one stands for; 0: not timed */
  next(): number {
    this.#seen++;
    if (--this.#left > 0) return 0;
    return this.#left = this.#stride;
  }

  /**
   * A tick of the deadlines: the next N depends on the number of requests since the previous tick.
   */
  tick(): void {
    this.#stride = Math.max(1, Math.floor(this.#seen / PER_TICK));
    this.#left = Math.min(this.#left, this.#stride);
    this.#seen = 0;
  }
}
