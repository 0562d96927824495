/**
 * Reads the PROXY protocol's head from a connection before any other read.
 *
 * @module
 */
import { MAX_PROXY_HEAD, parseProxyHead, type ProxyHead } from "./proxy_protocol.ts";

/** The head did not arrive in time, or is malformed. */
class ProxyHeadError extends Error {
  override readonly name = "ProxyHeadError";
}

/** A head, and the connection's bytes that arrived with it. */
interface ReadHead {
  readonly head: ProxyHead;
  readonly rest: Uint8Array;
}

/**
 * Reads a head.
 *
 * @param connection must not have been read from; it is closed at the deadline
 * @param deadlineMs deadline for the whole head, in milliseconds
 * @throws {ProxyHeadError} there is no head, or not in time
 */
export async function readProxyHead(
  connection: Pick<Deno.TcpConn, "read" | "close">,
  deadlineMs: number,
): Promise<ReadHead> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    connection.close();
  }, deadlineMs);
  try {
    return await readAll(connection);
  } catch (error) {
    if (error instanceof ProxyHeadError) throw error;
    const why = late ? `did not come within ${deadlineMs} ms` : "did not come";
    throw new ProxyHeadError(`the PROXY head ${why}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function readAll(connection: Pick<Deno.TcpConn, "read">): Promise<ReadHead> {
  const bytes = new Uint8Array(MAX_PROXY_HEAD);
  for (let end = 0;;) {
    const count = await connection.read(bytes.subarray(end));
    if (count === null) throw new ProxyHeadError("the connection ended before its PROXY head");
    end += count;
    const head = parseProxyHead(bytes.subarray(0, end));
    if (head === "malformed") throw new ProxyHeadError("the PROXY head is malformed");
    if (head) return { head, rest: bytes.subarray(head.length, end) };
  }
}
