/**
 * A connection as its users see it: bytes in both directions, over a socket or a message channel.
 *
 * @module
 */

/** The operations that the proxy and the API's server need; `Deno.Conn` has all of them. */
export interface ByteStream {
  /**
   * Reads the available bytes, or waits for the first.
   *
   * @param into is filled from its beginning
   * @returns number of bytes; null at the end of the peer's side
   * @throws {Error} the connection broke, or was closed locally
   */
  read(into: Uint8Array): Promise<number | null>;
  /**
   * Writes as much as there is room for.
   *
   * @param bytes must not change before the write ends
   * @returns number of bytes written
   * @throws {Error} the connection broke, or was closed locally
   */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends this side; the peer may still send. */
  closeWrite(): Promise<void>;
  /** Closes the connection; a read or write under way is rejected. */
  close(): void;
}
