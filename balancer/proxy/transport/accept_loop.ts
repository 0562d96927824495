/**
 * The one way in which this process accepts connections, on every port and socket: it stops for want
 * of files and goes on when there are some, and no error of `accept` ends it or makes it slow.
 *
 * @module
 */
import { isOutOfFiles } from "../../out_of_files.ts";

/** Milliseconds until the next try where no file could be opened. */
const PAUSE_MS = 10;

/** After this many errors in a row other work of the thread has its turn. */
const ERRORS_IN_A_ROW = 256;

/** What is listened on. */
export interface Accepting<C> {
  accept(): Promise<C>;
}

/** What becomes of connections and errors. */
export interface AcceptHandler<C> {
  /** Waits until there is room for one more connection. */
  readonly room?: () => Promise<void>;
  /** Serves a connection. */
  readonly serve: (connection: C) => Promise<void>;
  /** A connection could not be served: that must not end the others. */
  readonly onServeError: (error: unknown) => void;
  /** A connection could not be accepted. */
  readonly onAcceptError: (error: unknown) => void;
  /** No file could be opened: the loop pauses. */
  readonly onOutOfFiles: () => void;
  /** Whether the listener was closed from here: the loop ends then. */
  readonly closed: () => boolean;
}

/**
 * Accepts connections until the listener is closed.
 *
 * @param listener what is listened on
 * @param handler what becomes of connections and errors
 */
export async function acceptAll<C>(
  listener: Accepting<C>,
  handler: AcceptHandler<C>,
): Promise<void> {
  for (let errors = 0;;) {
    await handler.room?.();
    try {
      const connection = await listener.accept();
      errors = 0;
      handler.serve(connection).catch(handler.onServeError);
    } catch (error) {
      if (handler.closed()) return;
      handler.onAcceptError(error);
      // Nearly all other errors are those of one connection that broke before it was accepted:
      // the next one may be waiting behind it.
      if (isOutOfFiles(error)) {
        handler.onOutOfFiles();
        await pause(PAUSE_MS);
      } else if (++errors % ERRORS_IN_A_ROW === 0) await pause(0);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
