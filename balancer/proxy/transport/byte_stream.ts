/**
 * A connection as its users see it: bytes in both directions, over a socket or a message channel.
 *
 * @module
 */

/** What the proxy and the API's server need of a connection; `Deno.Conn` has all of it. */
export interface ByteStream {
  /**
   * Reads what is there, or what comes first.
   *
   * @param into is filled from its beginning
   * @returns how many bytes; null at the end of the peer's side
   * @throws {Error} the connection broke, or was closed from here
   */
  read(into: Uint8Array): Promise<number | null>;
  /**
   * Writes as much as there is room for.
   *
   * @param bytes must not change before this is done
   * @returns how many bytes were written
   * @throws {Error} the connection broke, or was closed from here
   */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends this side; the peer may go on. */
  closeWrite(): Promise<void>;
  /** Closes the connection; a read or write under way is rejected. */
  close(): void;
}
