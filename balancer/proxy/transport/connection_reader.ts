/**
 * The right to read a connection, and the errors of reading.
 *
 * @module
 */
import type { Connection } from "./connection.ts";

/** A connection broke, or was closed locally, while it was used. */
export class Disconnected extends Error {
  override readonly name = "Disconnected";

  constructor(readonly transport: Connection, options?: ErrorOptions) {
    super("the connection ended", options);
  }
}

/** Two owners tried to read one connection: a bug of this program, never caused by a peer. */
export class ReaderConflict extends Error {
  override readonly name = "ReaderConflict";
}

/**
 * The right to wait for bytes of a connection and to take them. {@linkcode Connection.reader} hands
 * out one at a time; its holder returns it by disposing of it.
 */
export class Reader implements Disposable {
  /** @param transport the connection that it reads */
  constructor(readonly transport: Connection) {}

  /**
   * Reads more bytes behind the unread ones.
   *
   * @returns false when the peer has ended its side
   * @throws {Disconnected} the connection broke or was closed
   * @throws {ReaderConflict} the reader was returned, or its last read is still under way
   */
  read(): Promise<boolean> {
    return this.transport.read(this);
  }

  /** Ends its holder's wait with an error. The read under way continues; no byte is lost. */
  interrupt(reason: Error): void {
    this.transport.interrupt(this, reason);
  }

  [Symbol.dispose](): void {
    this.transport.release(this);
  }
}
