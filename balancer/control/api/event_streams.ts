/**
 * How many event streams are open: each keeps a connection for as long as its client likes, so there
 * is a bound of its own for them.
 *
 * @module
 */

/** Seconds after which a client may find room. */
const RETRY_AFTER_S = 5;

/** There are too many event streams. */
export class TooManyStreamsError extends Error {
  override readonly name = "TooManyStreamsError";
  readonly retryAfterS = RETRY_AFTER_S;

  constructor(limit: number) {
    super(
      `${limit} event streams are open, as many as LB_MAX_EVENT_STREAMS and the limit of open ` +
        "files (ulimit -n) allow; close one, or raise them",
    );
  }
}

/** Counts event streams. */
export class EventStreams {
  readonly #limit: () => number;
  #open = 0;

  /** @param limit how many there may be, asked for each */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /**
   * Counts a stream in.
   *
   * @returns counts it out
   * @throws {TooManyStreamsError} there is no room for it
   */
  enter(): () => void {
    const limit = this.#limit();
    if (this.#open >= limit) throw new TooManyStreamsError(limit);
    this.#open++;
    return () => {
      this.#open--;
    };
  }
}
