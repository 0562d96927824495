/**
 * The one writer: everything that changes the fleet is a piece of work for it.
 *
 * @module
 */
import type { FailureLog } from "../../failures.ts";

/** What a {@linkcode Writer} is made of. */
export interface WriterOptions {
  /** Done after each piece of work: what follows from the state that it left. */
  readonly settle: () => void;
  readonly failures: FailureLog;
}

/** A piece of work. Where it returns false it changed nothing, and nothing follows from it. */
export type Work = () => void | boolean;

/** Does one piece of work at a time, however they come in. */
export class Writer {
  readonly #options: WriterOptions;
  readonly #queue: Work[] = [];
  #working = false;
  #closed = false;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Has work done: now, or, asked for by work that is under way, right after that. */
  do(work: Work): void {
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
  #step(work: Work): void {
    try {
      if (work() !== false) this.#options.settle();
    } catch (error) {
      this.#options.failures.record("fleet.step", error);
    }
  }
}
