/**
 * Changes that wait for each other.
 *
 * @module
 */

/** Lets one change of the fleet happen at a time, in the order in which they were asked for. */
export class ChangeLock {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Makes a change when all earlier ones are over.
   *
   * @param change the change
   * @returns what the change returns; rejects with what it throws
   */
  run<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#last.then(change);
    // The next change waits for this one's end, whichever it is; the caller hears of a failure.
    this.#last = result.catch(() => {});
    return result;
  }
}
