/**
 * Many HTTP servers in one process: each address answers every request with the same small body.
 *
 * Arguments: a port, and how many addresses from 127.0.0.1 on.
 *
 * @module
 */
import { upstreamHosts } from "../hosts.ts";

const RESPONSE = new TextEncoder().encode(
  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n",
);

async function serve(connection: Deno.TcpConn): Promise<void> {
  using _connection = connection;
  connection.setNoDelay(true);
  const bytes = new Uint8Array(2048);
  try {
    // Neither heartbeats nor wrk send a head in pieces, or two at once.
    while (await connection.read(bytes)) await connection.write(RESPONSE);
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
}

async function accept(listener: Deno.TcpListener): Promise<void> {
  for await (const connection of listener) serve(connection);
}

const [port = "", count = ""] = Deno.args;
for (const hostname of upstreamHosts(Number(count))) {
  accept(Deno.listen({ hostname, port: Number(port) }));
}
