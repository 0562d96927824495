/**
 * Opens connections to instances, over TCP or a Unix socket.
 *
 * @module
 */
import type { UpstreamAddress } from "../../view.ts";
import type { ByteStream } from "../transport/byte_stream.ts";

/** Until a Unix socket whose queue of connections is full is tried again, in milliseconds. */
const FULL_MS = 5;

/**
 * Opens a connection.
 *
 * @param address where the instance listens
 * @param signal ends the attempt
 * @throws {Error} what the system says, or the reason of the signal
 */
export async function dial(address: UpstreamAddress, signal: AbortSignal): Promise<ByteStream> {
  if ("path" in address) return await dialUnix(address.path, signal);
  const { hostname, port } = address;
  const connection = await Deno.connect({ hostname, port, signal });
  connection.setNoDelay(true);
  return connection;
}

/**
 * Over TCP the kernel lets a connection wait while the listener's queue is full; over a Unix socket
 * it answers EAGAIN at once (unix(7)), which says that the instance is busy and not that it is gone.
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
