/**
 * Ids for requests that come without one.
 *
 * @module
 */

const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);

/** Makes ids that no other worker and no other run makes. */
export class RequestIds {
  readonly #prefix: string;
  #count = 0;

  constructor() {
    const random = crypto.getRandomValues(new Uint8Array(8));
    this.#prefix = `${Array.from(random, (byte) => HEX[byte]).join("")}-`;
  }

  /** Sixteen random characters that stay, and a count. */
  next(): string {
    const count = this.#count = (this.#count + 1) >>> 0;
    return this.#prefix + HEX[count >>> 24] + HEX[count >>> 16 & 255] + HEX[count >>> 8 & 255] +
      HEX[count & 255];
  }
}
