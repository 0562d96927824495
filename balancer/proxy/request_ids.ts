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
  /** What the present id shares with its neighbours. */
  #block = "";

  constructor() {
    const random = crypto.getRandomValues(new Uint8Array(8));
    this.#prefix = `${Array.from(random, (byte) => HEX[byte]).join("")}-`;
    this.#begin(0);
  }

  /** Sixteen random characters that stay, and a count. */
  next(): string {
    const count = this.#count = (this.#count + 1) >>> 0;
    const last = count & 255;
    if (last === 0) this.#begin(count);
    return this.#block + HEX[last];
  }

  /** For the next 256: they are read letter by letter, and the fewer pieces the faster. */
  #begin(count: number): void {
    const bytes = [count >>> 24, count >>> 16 & 255, count >>> 8 & 255];
    this.#block = [this.#prefix, ...bytes.map((byte) => HEX[byte])].join("");
  }
}
