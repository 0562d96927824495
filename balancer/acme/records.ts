/**
 * Where the records of ACME are kept.
 *
 * @module
 */

/** Keeps the account and the hosts over restarts. Their texts hold private keys. */
export interface Records {
  /**
   * Returns a record; undefined if there is none.
   *
   * @param name lower-case letters, digits, dots and `-`
   * @throws {Error} it cannot be read
   */
  load(name: string): Promise<string | undefined>;
  /**
   * Replaces a record, completely or not at all.
   *
   * @throws {Error} it cannot be written
   */
  save(name: string, text: string): Promise<void>;
  /**
   * Takes a record that cannot be used out of the way.
   *
   * @returns where it is now
   * @throws {Error} it cannot be moved
   */
  setAside(name: string): Promise<string>;
  /** Where a record is, for messages. */
  placeOf(name: string): string;
  /**
   * Reports changes by others from now on.
   *
   * @returns ends the reports
   */
  watch(onChange: () => void): () => void;
}
