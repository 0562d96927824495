/**
 * Turns of the event loop for TLS handshakes, each of which takes about half a millisecond: a few of
 * them are computed in one turn, so that established connections go on in between.
 *
 * @module
 */

/** Handshakes that are computed in one turn. */
const PER_TURN = 4;

/** Gives turns, first in, first out. */
export class HandshakeTurns {
  readonly #waiting: (() => void)[] = [];
  #left = PER_TURN;
  #scheduled = false;

  /**
   * Waits for room in the event loop.
   *
   * @returns undefined if there is room now
   */
  next(): Promise<void> | undefined {
    this.#schedule();
    if (this.#left > 0) {
      this.#left--;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#renew());
  }

  #renew(): void {
    this.#scheduled = false;
    const next = this.#waiting.splice(0, PER_TURN);
    this.#left = PER_TURN - next.length;
    if (next.length > 0) this.#schedule();
    for (const begin of next) begin();
  }
}
