/**
 * A relay that parses no byte: the cost of the kernel and the runtime alone.
 * Each client connection has one of its own to an upstream. Arguments: the port, the upstreams'
 * ports.
 *
 * @module
 */
const [port = 0, ...upstreams] = Deno.args.map(Number);
let next = 0;

async function relay(client: Deno.TcpConn): Promise<void> {
  client.setNoDelay(true);
  const upstream = await Deno.connect({
    hostname: "127.0.0.1",
    port: upstreams[next++ % upstreams.length] ?? 0,
  });
  upstream.setNoDelay(true);
  await Promise.race([copy(client, upstream), copy(upstream, client)]);
  for (const connection of [client, upstream]) connection.close();
}

async function copy(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (let read = await from.read(buffer); read !== null; read = await from.read(buffer)) {
      for (let sent = 0; sent < read;) sent += await to.write(buffer.subarray(sent, read));
    }
  } catch {
    // The other direction has ended, and both connections with it.
  }
}

const listener = Deno.listen({ hostname: "127.0.0.1", port, tcpBacklog: 4096 });
for await (const client of listener) relay(client).catch(() => client.close());
