/**
 * Errors of `accept`, counted one by one and logged at most once a second: a client that resets its
 * connection before it is accepted causes one, and may do so ten thousand times a second.
 *
 * @module
 */
import { errorMessage } from "../../failures.ts";

/** Milliseconds between two lines of the log. */
const LOG_EVERY_MS = 1000;

/** Counts and logs failed calls of `accept` of one listener. */
export class AcceptErrors {
  readonly #log: (message: string) => void;
  #pending = 0;
  #last = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param log receives a message at once for the first error, then at most one a second */
  constructor(log: (message: string) => void) {
    this.#log = log;
  }

  /** A call of `accept` failed. */
  failed(error: unknown): void {
    this.#pending++;
    this.#last = errorMessage(error);
    if (this.#timer === undefined) this.#flush();
  }

  /** Logs the errors that are not logged yet. */
  close(): void {
    clearTimeout(this.#timer);
    if (this.#pending > 0) this.#flush();
    clearTimeout(this.#timer);
  }

  #flush(): void {
    const times = this.#pending === 1 ? "" : ` (${this.#pending} times)`;
    this.#log(`${this.#last}${times}`);
    this.#pending = 0;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#pending > 0) this.#flush();
    }, LOG_EVERY_MS);
  }
}
