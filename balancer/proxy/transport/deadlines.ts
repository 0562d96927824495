/**
 * Deadlines for very many connections without a timer for each: they are looked through ten times
 * a second.
 *
 * @module
 */

/** Something that is told when its time is over. */
export interface Expiring {
  /** When, by {@linkcode Deadlines.now}; `Infinity` while it waits for nothing. */
  readonly deadlineAt: number;
  /** Called once the time is over, and again each tick until `deadlineAt` has moved. */
  onDeadline(): void;
}

/** How far a deadline can be missed, in milliseconds. */
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

  /** A deadline so many milliseconds from now, never early. */
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
