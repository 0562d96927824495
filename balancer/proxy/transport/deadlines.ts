/**
 * Deadlines of very many connections without a timer for each: they are scanned ten times a second.
 *
 * @module
 */

/** An object with a deadline. */
export interface Expiring {
  /** The deadline, by {@linkcode Deadlines.now}; `Infinity` for none. */
  readonly deadlineAt: number;
  /** Called once the deadline has passed, and again each tick until `deadlineAt` has moved. */
  onDeadline(): void;
}

/** Longest delay after a deadline, in milliseconds. */
export const TICK_MS = 100;

/** Watches deadlines, and keeps a clock that costs nothing to read. */
export class Deadlines {
  readonly #watched = new Set<Expiring>();
  readonly #timer: ReturnType<typeof setInterval>;
  #now = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Milliseconds on a clock that advances with each tick. */
  get now(): number {
    return this.#now;
  }

  /** Returns a deadline `ms` milliseconds from now, never early. */
  in(ms: number): number {
    return this.#now + ms + TICK_MS;
  }

  add(expiring: Expiring): void {
    this.#watched.add(expiring);
  }

  delete(expiring: Expiring): void {
    this.#watched.delete(expiring);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    this.#now = performance.now();
    for (const expiring of this.#watched) {
      if (expiring.deadlineAt <= this.#now) expiring.onDeadline();
    }
  }
}
