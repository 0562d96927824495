/**
 * The starts in progress.
 *
 * @module
 */

/** Names of the instances that an engine is starting; a name may be started twice at a time. */
export class StartsInProgress {
  readonly #starts = new Set<{ readonly name: string }>();

  get names(): readonly string[] {
    return [...this.#starts].map(({ name }) => name);
  }

  /** Counts a start as in progress until it has succeeded or failed. */
  async during<T>(name: string, start: () => Promise<T>): Promise<T> {
    const one = { name };
    this.#starts.add(one);
    try {
      return await start();
    } finally {
      this.#starts.delete(one);
    }
  }
}
