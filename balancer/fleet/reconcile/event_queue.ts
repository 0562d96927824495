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

/** A piece of work that waits for its turn. */
interface Entry {
  readonly work: () => boolean | void;
  /** Whether it may share what follows from it with others. */
  readonly isNote: boolean;
}

/** Does one piece of work at a time, however they come in. */
export class Writer {
  readonly #options: WriterOptions;
  readonly #queue: Entry[] = [];
  #working = false;
  #closed = false;
  /** Set from work that was noted until what follows from it is done. */
  #unsettled = false;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Has work done: now, or, asked for by work that is under way, right after that. */
  do(work: () => void): void {
    this.#enqueue({ work, isNote: false });
  }

  /**
   * Has work done as {@linkcode Writer.do} does, of which many pieces may come at once: what follows
   * from all of them is done once, before the thread turns to anything else.
   *
   * @param work returns whether it changed anything; if not, nothing follows from it
   */
  note(work: () => boolean): void {
    this.#enqueue({ work, isNote: true });
  }

  /** Does nothing more. */
  close(): void {
    this.#closed = true;
  }

  #enqueue(entry: Entry): void {
    if (this.#closed) return;
    this.#queue.push(entry);
    if (this.#working) return;
    this.#working = true;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#step(next);
    this.#working = false;
  }

  /** One fault must not stop all healing: what follows is done all the same. */
  #step({ work, isNote }: Entry): void {
    try {
      const changed = work();
      if (!isNote) this.#settle();
      else if (changed) this.#settleSoon();
    } catch (error) {
      this.#options.failures.record("fleet.step", error);
    }
  }

  #settle(): void {
    this.#unsettled = false;
    this.#options.settle();
  }

  #settleSoon(): void {
    if (this.#unsettled) return;
    this.#unsettled = true;
    queueMicrotask(() => {
      if (this.#unsettled) this.do(() => {});
    });
  }
}
