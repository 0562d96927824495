/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Stands in for clients and replicas in tests, in its own event loop: clients that send a byte as
 * soon as they have received the byte that they wait for, and replicas that echo.
 *
 * @module
 */

/** The task of the peers. */
export interface EchoTask {
  readonly port: number;
  /** Number of clients, and of replicas. */
  readonly pairs: number;
  /** Number of bytes that each client sends. */
  readonly rounds: number;
}

self.onmessage = async ({ data }: MessageEvent<EchoTask>) => {
  const clients = await connect(data);
  const replicas = await connect(data);
  for (const replica of replicas) void replica.readable.pipeTo(replica.writable);
  await Promise.all(clients.map((client) => ask(client, data.rounds)));
  for (const one of clients) one.close();
  for (const one of replicas) one.close();
  self.postMessage("done");
};

/** One after the other, so that the listener knows the connections by their order. */
async function connect({ port, pairs }: EchoTask): Promise<Deno.TcpConn[]> {
  const all: Deno.TcpConn[] = [];
  while (all.length < pairs) all.push(await Deno.connect({ hostname: "127.0.0.1", port }));
  return all;
}

async function ask(client: Deno.TcpConn, rounds: number): Promise<void> {
  const byte = new Uint8Array(1);
  for (let round = 0; round < rounds; round++) {
    await client.write(byte);
    await client.read(byte);
  }
}
