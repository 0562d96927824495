/**
 * The field line `Date` for responses without one (RFC 9110, 6.6.1).
 *
 * @module
 */

import { ascii } from "./writer.ts";

const SECOND_MS = 1000;

/** Builds the line once a second, however often it is read. */
export class DateLine {
  readonly #now: () => number;
  /** End of the second for which the bytes are valid; its beginning follows. */
  #until = -Infinity;
  #since = Infinity;
  #bytes = ascii("");

  /** @param now milliseconds since 1970; may jump in any direction */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The line with its CRLF, in the form of RFC 9110, 5.6.7. Valid for this second. */
  get bytes(): Uint8Array {
    const now = this.#now();
    if (now >= this.#until || now < this.#since) this.#write(now);
    return this.#bytes;
  }

  #write(now: number): void {
    this.#since = now - now % SECOND_MS;
    this.#until = this.#since + SECOND_MS;
    this.#bytes = ascii(`Date: ${new Date(this.#since).toUTCString()}\r\n`);
  }
}

/** The line by this machine's clock, shared by all writers of one thread. */
export const DATE_LINE = new DateLine();
