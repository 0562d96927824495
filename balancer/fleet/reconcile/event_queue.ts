/**
 * The one writer: everything that changes the fleet is a piece of work for it.
 *
 * @module
 */
import type { FailureLog } from "../../failures.ts";

/** What a {@linkcode EventQueue} is made of. */
export interface EventQueueOptions {
  /** Done after each piece of work: what follows from the state that it left. */
  readonly settle: () => void;
  readonly failures: FailureLog;
}

/** Does one piece of work at a time, however they come in. */
export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #queue: (() => void)[] = [];
  #working = false;
  #closed = false;

  constructor(options: EventQueueOptions) {
    this.#options = options;
  }

  /** Has work done: now, or, asked for by work that is under way, right after that. */
  run(work: () => void): void {
    if (this.#closed) return;
    this.#queue.push(work);
    if (this.#working) return;
    this.#working = true;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#step(next);
    this.#working = false;
  }

  /** Does nothing more. */
  close(): void {
    this.#closed = true;
  }

  /** One fault must not stop all healing: what follows is done all the same. */
  #step(work: () => void): void {
    try {
      work();
      this.#options.settle();
    } catch (error) {
      this.#options.failures.record("fleet.step", error);
    }
  }
}
