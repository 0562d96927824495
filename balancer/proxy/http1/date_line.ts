/**
 * The field line `Date` of responses that have none (RFC 9110, 6.6.1).
 *
 * @module
 */

import { ascii } from "./writer.ts";

const SECOND_MS = 1000;

/** Writes the line once a second, however often it is read. */
export class DateLine {
  readonly #now: () => number;
  #second = -1;
  #bytes = ascii("");

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The line with its CRLF, in the form of RFC 9110, 5.6.7. Valid for this second. */
  get bytes(): Uint8Array {
    const second = Math.floor(this.#now() / SECOND_MS);
    if (second !== this.#second) {
      this.#second = second;
      this.#bytes = ascii(`Date: ${new Date(second * SECOND_MS).toUTCString()}\r\n`);
    }
    return this.#bytes;
  }
}

/** The line by this machine's clock, for all that one thread writes. */
export const DATE_LINE = new DateLine();
