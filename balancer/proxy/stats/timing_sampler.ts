/**
 * Which requests are timed: all of them while there are few, and above that every so-manieth, which
 * then stands for those beside it. Reading the clock four times costs more than everything else
 * that is counted, and a thousand a second say as much as all.
 *
 * @module
 */

/** Requests that are timed between two ticks, and twice as many at the most. */
const PER_TICK = 100;

/** Chooses the requests of one worker that are timed. */
export class TimingSampler {
  #stride = 1;
  #left = 1;
  #seen = 0;

  /** @returns how many requests the one that comes now stands for; 0: it is not timed */
  next(): number {
    this.#seen++;
    if (--this.#left > 0) return 0;
    return this.#left = this.#stride;
  }

  /** A tick of the deadlines: the next ones are chosen by how many came since the last. */
  tick(): void {
    this.#stride = Math.max(1, Math.floor(this.#seen / PER_TICK));
    this.#left = Math.min(this.#left, this.#stride);
    this.#seen = 0;
  }
}
