/**
 * The interface of the store that the balancers of one fleet share. Each value in it is replaced by
 * compare-and-swap, so that of several writers exactly one wins.
 *
 * @module
 */

/** A stored value and its version. */
export interface StoredValue {
  readonly value: string;
  /** Grows with every save; at least 1. */
  readonly epoch: number;
}

/** Result of a save: the new epoch, or a refusal because another writer saved since. */
export type SwapResult =
  | { readonly done: true; readonly epoch: number }
  | { readonly done: false };

/** The epoch of a value that does not exist. */
export const ABSENT = 0;

/** One value that several balancers share. */
export interface SharedStore {
  /**
   * Returns the present value; undefined if there is none.
   *
   * @throws {Error} the store cannot be read
   */
  load(): Promise<StoredValue | undefined>;
  /**
   * Replaces the value, completely or not at all.
   *
   * @param value the new value
   * @param epoch epoch of the value that it replaces, {@linkcode ABSENT} for none
   * @throws {Error} the outcome is unknown: the value may have been replaced
   */
  save(value: string, epoch: number): Promise<SwapResult>;
  /**
   * Reports changes from now on, by any writer.
   *
   * @param onChange called after the value may have changed; several changes may cause one call
   * @returns ends the reports
   */
  watch(onChange: () => void): () => void;
}

/** The values of one fleet, by name. */
export interface SharedStores {
  /**
   * Returns the store of a value. The value need not exist.
   *
   * @param name lower-case letters, digits and `-`
   * @param options `volatile`: the value may be lost with the power of the machine
   */
  open(name: string, options?: { readonly volatile?: boolean }): SharedStore;
  /**
   * Returns the names of all existing values.
   *
   * @throws {Error} the store cannot be read
   */
  names(): Promise<readonly string[]>;
  /**
   * Removes a value that no balancer writes any more.
   *
   * @throws {Error} the value could not be removed
   */
  remove(name: string): Promise<void>;
  /**
   * Reports changes of all values from now on.
   *
   * @param onChange called with the name after a value was saved or removed
   * @returns ends the reports
   */
  watchAll(onChange: (name: string) => void): () => void;
  /** Ends all watches. */
  close(): void;
}
