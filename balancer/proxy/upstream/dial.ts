/**
 * Opens connections to instances, over TCP, TLS or a Unix socket.
 *
 * @module
 */
import type { UpstreamAddress } from "../../view.ts";
import type { UpstreamHandshakeEnd } from "../stats/counter_layout.ts";
import type { ByteStream } from "../transport/byte_stream.ts";
import { type TlsClient, TlsClientError } from "../transport/tls_client.ts";

/** Delay before a Unix socket with a full backlog is tried again, in milliseconds. */
const FULL_MS = 5;

/** Speaks TLS over a connection to a host; after an error the connection is closed. */
type Secure = (
  connection: Deno.TcpConn,
  hostname: string,
  signal: AbortSignal,
) => Promise<ByteStream>;

/** Counts handshakes by their end. */
export interface HandshakeCounters {
  upstreamHandshake(end: UpstreamHandshakeEnd): void;
}

/**
 * Opens a connection.
 *
 * @param address the instance's address
 * @param signal ends the attempt
 * @param secure speaks TLS, where the address demands it
 * @throws {TlsClientError} the connection was made, but TLS failed
 * @throws {Error} the system's error, or the reason of the signal
 */
export async function dial(
  address: UpstreamAddress,
  signal: AbortSignal,
  secure: Secure = refuse,
): Promise<ByteStream> {
  if ("path" in address) return await dialUnix(address.path, signal);
  const { hostname, port } = address;
  const connection = await Deno.connect({ hostname, port, signal });
  connection.setNoDelay(true);
  return address.tls ? await secure(connection, hostname, signal) : connection;
}

/** An address with TLS is never reached without it. */
function refuse(connection: Deno.TcpConn): Promise<never> {
  connection.close();
  return Promise.reject(new TlsClientError("tls", "is not set up here"));
}

/**
 * Speaks TLS, and counts the handshakes.
 *
 * @param tls whom the balancer trusts
 * @param counters counters of handshakes
 */
export function countedTls(tls: Pick<TlsClient, "secure">, counters: HandshakeCounters): Secure {
  return async (connection, hostname, signal) => {
    try {
      const { stream, session } = await tls.secure(connection, hostname, signal);
      counters.upstreamHandshake(session.version === "TLSv1.2" ? "tls12" : "tls13");
      return stream;
    } catch (error) {
      const fault = error instanceof TlsClientError ? error.fault : "tls";
      counters.upstreamHandshake(signal.aborted ? "late" : fault);
      throw error;
    }
  };
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
