/**
 * A timer for the next deadline of the fleet.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";

/** One timer, set again after each event. */
export class DeadlineTimer {
  readonly #clock: Pick<Clock, "after">;
  readonly #onDeadline: () => void;
  #cancel: (() => void) | undefined;

  /**
   * @param clock the fleet's clock
   * @param onDeadline called when the deadline passes
   */
  constructor(clock: Pick<Clock, "after">, onDeadline: () => void) {
    this.#clock = clock;
    this.#onDeadline = onDeadline;
  }

  /**
   * Replaces the deadline.
   *
   * @param ms milliseconds until it passes; `Infinity` for none
   */
  set(ms: number): void {
    this.cancel();
    if (ms !== Infinity) this.#cancel = this.#clock.after(ms, this.#onDeadline);
  }

  /** Drops the deadline. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
