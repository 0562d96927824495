/**
 * The number of open event streams. Each stream keeps a connection for as long as its client likes,
 * so streams have a limit of their own.
 *
 * @module
 */

/** Retry-After, in seconds. */
const RETRY_AFTER_S = 5;

/** The limit on event streams is reached. */
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

  /** @param limit the current limit; called at each new stream */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /**
   * Counts a new stream.
   *
   * @returns ends the count of this stream
   * @throws {TooManyStreamsError} the limit is reached
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
