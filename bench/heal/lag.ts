/**
 * How late the bench itself is: what it takes for a contestant's delay must not be its own.
 *
 * @module
 */
import { now } from "../harness/clock.ts";

/** Milliseconds between two looks. */
const EVERY_MS = 10;

/** Looks again and again by how much a timer is late. */
export class LagMeter implements Disposable {
  /** Milliseconds, one for each look. */
  readonly lags: number[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  #last = now();

  constructor() {
    this.#timer = setInterval(() => {
      const time = now();
      this.lags.push(Math.max(0, time - this.#last - EVERY_MS));
      this.#last = time;
    }, EVERY_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
