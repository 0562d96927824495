/**
 * Opens connections to instances, over TCP or a Unix socket.
 *
 * @module
 */
import type { UpstreamAddress } from "../../view.ts";
import type { ByteStream } from "../transport/byte_stream.ts";

/** Delay before a Unix socket with a full backlog is tried again, in milliseconds. */
const FULL_MS = 5;

/**
 * Opens a connection.
 *
 * @param address the instance's address
 * @param signal ends the attempt
 * @throws {Error} the system's error, or the reason of the signal
 */
export async function dial(address: UpstreamAddress, signal: AbortSignal): Promise<ByteStream> {
  if ("path" in address) return await dialUnix(address.path, signal);
  const { hostname, port } = address;
  const connection = await Deno.connect({ hostname, port, signal });
  connection.setNoDelay(true);
  return connection;
}

/**
 * Over TCP the kernel queues a connection while the listener's backlog is full; over a Unix socket
 * it fails with EAGAIN at once (unix(7)), which means that the instance is busy, not that it is
 * gone.
 */
async function dialUnix(path: string, signal: AbortSignal): Promise<ByteStream> {
  for (;;) {
    try {
      return await Deno.connect({ transport: "unix", path });
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      await new Promise((resolve) => setTimeout(resolve, FULL_MS));
      signal.throwIfAborted();
    }
  }
}
