/**
 * Who is in the ring right now, as seen from outside.
 *
 * @module
 */
import { now } from "../harness/clock.ts";

/** The names that requests are sent to. */
export type Ready = ReadonlySet<string>;

/** Tells when the ring is as somebody waits for it to be. */
export class RingWatch {
  readonly #waiters = new Set<(ready: Ready, at: number) => void>();
  readonly #blind = new AbortController();
  #ready: Ready = new Set();

  /** The names that requests are sent to now. */
  get ready(): Ready {
    return this.#ready;
  }

  /** The ring changed, or was looked at. */
  update(names: Iterable<string>, at = now()): void {
    this.#ready = new Set(names);
    for (const waiter of [...this.#waiters]) waiter(this.#ready, at);
  }

  /** Nothing can be seen any more: whoever waits, or will, fails with this. */
  fail(error: unknown): void {
    this.#blind.abort(error);
  }

  /**
   * Waits until the ring is so, from this moment on or already.
   *
   * @param test what it is to be
   * @param ms longest time in milliseconds
   * @param signal ends the wait with its reason
   * @returns when it was so first, undefined when it was not in time
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
