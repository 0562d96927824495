/**
 * Generates ids for requests without one.
 *
 * @module
 */

import { ascii } from "../http1/writer.ts";

/** Digits of the counter in an id. */
const DIGITS = 8;

const HEX = ascii("0123456789abcdef");

/**
 * Generates ids that no other worker and no other run generates: sixteen random characters that
 * stay, and a counter. A request keeps the number, since its id is written twice as bytes and
 * hardly ever read as text.
 */
export class RequestIds {
  readonly #prefix: string;
  /** The id that was written last. */
  readonly #bytes: Uint8Array;
  #count = 0;

  constructor() {
    const random = crypto.getRandomValues(new Uint8Array(8));
    this.#prefix = `${random.toHex()}-`;
    this.#bytes = ascii(this.#prefix + "0".repeat(DIGITS));
  }

  /** The number of a new id. */
  next(): number {
    return this.#count = (this.#count + 1) >>> 0;
  }

  /** The id of a number as it is sent; valid until the next call. */
  bytes(number: number): Uint8Array {
    const bytes = this.#bytes;
    let rest = number;
    for (let at = bytes.length - 1; at >= bytes.length - DIGITS; at--) {
      bytes[at] = HEX[rest & 15]!;
      rest >>>= 4;
    }
    return bytes;
  }

  /** The id of a number. */
  text(number: number): string {
    return this.#prefix + number.toString(16).padStart(DIGITS, "0");
  }
}
