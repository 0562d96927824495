/**
 * The queue of the one writer: every change of the fleet is a step that runs here.
 *
 * @module
 */
import type { FailureLog } from "../../failures.ts";

/** Dependencies of an {@linkcode EventQueue}. */
interface EventQueueOptions {
  /** Runs after each step: reconciles the fleet with the state that the step left. */
  readonly settle: () => void;
  readonly failures: FailureLog;
}

/** Runs one step at a time, in the order of the calls. */
export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #steps: (() => void)[] = [];
  #running = false;
  #closed = false;
  /** Whether a batched step changed something that is not reconciled yet. */
  #unsettled = false;

  constructor(options: EventQueueOptions) {
    this.#options = options;
  }

  /**
   * Runs a step that may change members, then reconciles. A step queued by a running step runs
   * directly after that one. After {@linkcode EventQueue.close} nothing runs.
   */
  run(step: () => void): void {
    this.#enqueue(() => {
      step();
      this.#settle();
    });
  }

  /**
   * Runs a step of which many may come at once, then reconciles once after all of them, in the same
   * turn of the event loop.
   *
   * @param step returns whether it changed a member; if not, there is nothing to reconcile
   */
  runBatched(step: () => boolean): void {
    this.#enqueue(() => {
      if (step()) this.#settleSoon();
    });
  }

  /** Runs a step that changes no member, so there is nothing to reconcile after it. */
  record(step: () => void): void {
    this.#enqueue(step);
  }

  /** Drops every later step. */
  close(): void {
    this.#closed = true;
  }

  #settle(): void {
    this.#unsettled = false;
    this.#options.settle();
  }

  #settleSoon(): void {
    if (this.#unsettled) return;
    this.#unsettled = true;
    queueMicrotask(() => {
      if (this.#unsettled) this.run(() => {});
    });
  }

  #enqueue(step: () => void): void {
    if (this.#closed) return;
    this.#steps.push(step);
    if (this.#running) return;
    this.#running = true;
    for (let next = this.#steps.shift(); next; next = this.#steps.shift()) this.#guard(next);
    this.#running = false;
  }

  /** A fault in one step is recorded and must not stop the steps after it. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#options.failures.record("fleet.step", error);
    }
  }
}
