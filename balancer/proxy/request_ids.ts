/**
 * Ids for requests that come without one.
 *
 * @module
 */

/** Makes ids that no other worker and no other run makes. */
export class RequestIds {
  readonly #prefix: string;
  #count = 0;

  constructor() {
    const random = crypto.getRandomValues(new Uint8Array(8));
    this.#prefix = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** Sixteen random characters that stay, and a count. */
  next(): string {
    return `${this.#prefix}-${(++this.#count).toString(16).padStart(8, "0")}`;
  }
}
