/**
 * The end of a connection whose client may still be sending.
 *
 * @module
 */
import type { Wire } from "./wire.ts";

/** Bytes that are read before the connection is closed all the same. */
const LINGER_BYTES = 1024 * 1024;

/** Milliseconds after which whoever lingers should close the connection. */
export const LINGER_MS = 1000;

/**
 * Ends this side and reads, without using it, what the client still sends. Closing at once would
 * reset the connection, and the response with it (RFC 9112, section 9.6).
 *
 * @param wire the connection; whoever calls closes it
 * @throws {Disconnected} when the connection broke or was closed
 */
export async function linger(wire: Wire): Promise<void> {
  await wire.closeWrite();
  for (let left = LINGER_BYTES; left > 0;) {
    wire.start = wire.end;
    if (!await wire.fill()) return;
    left -= wire.unread;
  }
}
