import { assert, assertEquals } from "@std/assert";
import { residentBytes } from "../harness/balancer.ts";
import { balancerFor, get, OK, RawUpstream } from "../harness/raw.ts";
import { PERMITTED, systemTest as test } from "../../tools/test/needs.ts";

const CONNECTIONS = 10_000;

/** Beside the connections there are files, and those of the upstream. */
const DESCRIPTORS = CONNECTIONS + 500;

/** The most files that a process may open; Deno takes as many as it may. */
async function descriptors(): Promise<number> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", "ulimit -Hn"] }).output();
  const text = new TextDecoder().decode(stdout).trim();
  return text === "unlimited" ? Infinity : Number(text);
}

/** A connection that had a request answered and waits for its next. */
async function rest(port: number, buffer: Uint8Array, request: Uint8Array): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(request);
  const count = await connection.read(buffer);
  assertEquals(new TextDecoder().decode(buffer.subarray(9, 12)), "200", `${count} bytes`);
  return connection;
}

test({
  name: "ten thousand connections at rest are held while another is served",
  ignore: PERMITTED && await descriptors() < DESCRIPTORS,
}, async () => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream], {
    LB_WORKERS: "2",
    // All of them have one address.
    LB_MAX_CONNECTIONS_PER_CLIENT: "0",
  });
  const { pid } = balancer.balancer;
  const before = await residentBytes(pid);
  const connections: Deno.TcpConn[] = [];
  try {
    const request = new TextEncoder().encode(get());
    const client = async () => {
      const buffer = new Uint8Array(1024);
      while (connections.length < CONNECTIONS) {
        connections.push(await rest(balancer.port, buffer, request));
      }
    };
    await Promise.all(Array.from({ length: 32 }, client));
    assert(connections.length >= CONNECTIONS);
    const grown = (await residentBytes(pid) - before) / 1024 / 1024;
    assert(grown < 160, `${grown} MB`);

    for (let i = 0; i < 20; i++) {
      const start = performance.now();
      assertEquals((await balancer.ask(get("/another"))).body, "ok");
      const took = performance.now() - start;
      assert(took < 500, `${took} ms`);
    }
    // They are all still there: the first and the last can go on.
    for (const connection of [connections.at(0), connections.at(-1)]) {
      const buffer = new Uint8Array(1024);
      await connection?.write(request);
      await connection?.read(buffer);
      assertEquals(new TextDecoder().decode(buffer.subarray(0, 15)), "HTTP/1.1 200 OK");
    }
    assertEquals(await balancer.failures(), {});
  } finally {
    for (const connection of connections) connection.close();
  }
});

test("idle connections keep no buffers of earlier requests", async () => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream]);
  const { pid } = balancer.balancer;
  const size = 100_000;
  const body = new Uint8Array(size);
  const clients: Disposable[] = [];
  const upload = async () => {
    const client = await balancer.connect();
    clients.push(client);
    await client.send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    await client.send(body);
    assertEquals((await client.response()).body, "ok");
  };
  for (let i = 0; i < 50; i++) await upload();
  const before = await residentBytes(pid);
  for (let i = 0; i < 250; i++) await upload();
  const grown = (await residentBytes(pid) - before) / 1024 / 1024;
  for (const client of clients) client[Symbol.dispose]();
  // A large buffer for each would be 32 MB.
  assert(grown < 16, `${grown} MB`);
});
