/**
 * Limits retries to a share of the requests, so that retries do not overload a failing fleet.
 *
 * Design and numbers are those of Finagle's RetryBudget: a share of recent requests, and a fixed
 * number a second.
 *
 * @module
 */

/** Retries for each request. */
const SHARE = 0.2;

/** Retries a second that are always allowed. */
const FLOOR_PER_S = 3;

/** Requests and retries count for this long. */
const WINDOW_S = 10;

/** Counts requests and retries of the last ten seconds. */
export class RetryBudget {
  readonly #requests = new Float64Array(WINDOW_S);
  readonly #retries = new Float64Array(WINDOW_S);
  readonly #floor: number;
  #second = 0;

  /** @param sharers number of budgets that share the floor, one for each worker */
  constructor(sharers: number) {
    this.#floor = FLOOR_PER_S * WINDOW_S / sharers;
  }

  /** Counts a request. */
  request(nowMs: number): void {
    this.#turn(nowMs);
    this.#requests[this.#second % WINDOW_S]! += 1;
  }

  /** Counts a retry if the budget allows it. @returns whether it does */
  retry(nowMs: number): boolean {
    if (this.left(nowMs) < 1) return false;
    this.#retries[this.#second % WINDOW_S]! += 1;
    return true;
  }

  /** Retries that the budget allows now. */
  left(nowMs: number): number {
    this.#turn(nowMs);
    return sum(this.#requests) * SHARE + this.#floor - sum(this.#retries);
  }

  /** Drops the counts of seconds outside the window. */
  #turn(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second === this.#second) return;
    const first = Math.max(this.#second + 1, second - WINDOW_S + 1);
    for (let s = first; s <= second; s++) {
      this.#requests[s % WINDOW_S] = 0;
      this.#retries[s % WINDOW_S] = 0;
    }
    this.#second = second;
  }
}

function sum(counts: Float64Array): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
