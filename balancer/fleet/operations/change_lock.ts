/**
 * A lock for changes of the fleet.
 *
 * @module
 */

/** Runs one change of the fleet at a time, in the order of the calls. */
export class ChangeLock {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Runs a change once all earlier ones have ended.
   *
   * @param change the change
   * @returns the result of the change; rejects with its error
   */
  run<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#last.then(change);
    // The next change waits for the end of this one, success or failure; the caller gets the error.
    this.#last = result.catch(() => {});
    return result;
  }
}
