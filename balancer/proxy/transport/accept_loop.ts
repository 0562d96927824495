/**
 * The accept loop of every port and socket of this process. Without free file descriptors it pauses
 * and resumes, and no error of `accept` ends it or slows it down.
 *
 * @module
 */
import { isOutOfFiles } from "../../out_of_files.ts";

/** Pause before the next try when no file descriptor is free, in milliseconds. */
const PAUSE_MS = 10;

/** After this many errors in a row the loop yields to other work of the thread. */
const ERRORS_IN_A_ROW = 256;

/** A listener. */
interface Accepting<C> {
  accept(): Promise<C>;
}

/** Handles connections and errors. */
export interface AcceptHandler<C> {
  /** Waits until there is room for one more connection. */
  readonly room?: () => Promise<void>;
  /** Serves a connection. */
  readonly serve: (connection: C) => Promise<void>;
  /** A connection could not be served; the loop continues. */
  readonly onServeError: (error: unknown) => void;
  /** A connection could not be accepted. */
  readonly onAcceptError: (error: unknown) => void;
  /** No file descriptor was free: the loop pauses. */
  readonly onOutOfFiles: () => void;
  /** Whether the balancer closed the listener: the loop ends then. */
  readonly closed: () => boolean;
}

/**
 * Accepts connections until the listener is closed.
 *
 * @param listener the listener
 * @param handler handles connections and errors
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
      // Nearly all other errors concern one connection that broke before it was accepted: the next
      // connection may be waiting behind it.
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
