/**
 * The changes of shared values, found by comparing versions, and their listeners.
 *
 * @module
 */

/** A source of changes, which works only while there is a listener. */
interface Watch {
  /** The first listener was added. */
  begin(): void;
  /** The last listener was removed. */
  end(): void;
}

/** Reports changed values to any number of listeners. */
export class ValueChanges {
  readonly #watch: Watch;
  readonly #listeners = new Set<(name: string) => void>();
  #known: ReadonlyMap<string, number> | undefined;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /** Adds a listener. @returns removes it */
  add(onChange: (name: string) => void): () => void {
    const listener = (name: string) => onChange(name);
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#watch.begin();
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#end();
    };
  }

  /** Removes all listeners. */
  close(): void {
    this.#listeners.clear();
    this.#end();
  }

  /** Reports the values whose version is another than in the comparison before; at first all. */
  compare(found: ReadonlyMap<string, number>): void {
    if (this.#listeners.size === 0) return;
    const known = this.#known;
    this.#known = found;
    for (const name of new Set([...known?.keys() ?? [], ...found.keys()])) {
      // A change during the first scan may be missed otherwise.
      if (!known || known.get(name) !== found.get(name)) this.report(name);
    }
  }

  /** Reports a value. */
  report(name: string): void {
    for (const listener of this.#listeners) listener(name);
  }

  #end(): void {
    this.#known = undefined;
    this.#watch.end();
  }
}
