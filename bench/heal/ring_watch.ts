/**
 * The replicas in the ring, as seen from outside.
 *
 * @module
 */
import { now } from "../harness/clock.ts";

/** The names that requests are sent to. */
type Ready = ReadonlySet<string>;

/** Lets callers wait for a state of the ring. */
export class RingWatch {
  readonly #waiters = new Set<(ready: Ready, at: number) => void>();
  readonly #blind = new AbortController();
  #ready: Ready = new Set();

  /** The names that requests are sent to now. */
  get ready(): Ready {
    return this.#ready;
  }

  /** Reports the ring's state. */
  update(names: Iterable<string>, at = now()): void {
    this.#ready = new Set(names);
    for (const waiter of [...this.#waiters]) waiter(this.#ready, at);
  }

  /** The ring cannot be observed any more: waits fail with this error. */
  fail(error: unknown): void {
    this.#blind.abort(error);
  }

  /**
   * Waits until the ring is in a state.
   *
   * @param test true in that state
   * @param ms longest time in milliseconds
   * @param signal ends the wait with its reason
   * @returns when it was in that state first, undefined when it was not in time
   */
  async until(
    test: (ready: Ready) => boolean,
    ms: number,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const ended = AbortSignal.any([signal, this.#blind.signal]);
    ended.throwIfAborted();
    if (test(this.#ready)) return now();
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const waiter = (ready: Ready, at: number) => test(ready) && resolve(at);
    const cut = () => reject(ended.reason);
    const timer = setTimeout(resolve, ms, undefined);
    this.#waiters.add(waiter);
    ended.addEventListener("abort", cut);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
      ended.removeEventListener("abort", cut);
    }
  }
}
