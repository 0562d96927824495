/**
 * The receivers of a connection's events.
 *
 * @module
 */
import type { Disconnected } from "./connection_reader.ts";

/** Counts the bytes of a connection. */
export interface Traffic {
  received(bytes: number): void;
  sent(bytes: number): void;
}

/** Receives the results of reads and writes without a promise for each. Must not throw. */
export interface ConnectionListener {
  /** A read ended; called before waiting readers continue. `more` is false at the peer's end. */
  onData(more: boolean): void;
  /** A read found the connection broken, or closed locally. */
  onBreak(): void;
  /** All bytes given to {@linkcode Connection.send} are written. */
  onWritten(): void;
  /** The bytes could not be written. */
  onWriteError(error: Disconnected): void;
}
