import { assert, assertEquals, assertMatch } from "@std/assert";
import { RawBalancer } from "../harness/raw.ts";
import { installed, runClient } from "../harness/real_clients.ts";
import { PERMITTED, systemTest as test } from "../../tools/test/needs.ts";

/** A server that others have written. */
function serve(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/echo") return new Response(await request.text());
    if (pathname === "/large") return new Response(new Uint8Array(1024 * 1024));
    return new Response("hello");
  });
}

/** Python's `h2`: 20 requests on one connection, with bodies, and their statuses. */
const PYTHON = `
import socket, sys, h2.connection, h2.config, h2.events
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
c = h2.connection.H2Connection(config=h2.config.H2Configuration(header_encoding='utf-8'))
c.initiate_connection()
for i in range(20):
  n = c.get_next_available_stream_id()
  c.send_headers(n, [(':method', 'POST'), (':path', '/echo'), (':scheme', 'http'), (':authority', 'a')])
  c.send_data(n, b'x' * 1000, end_stream=True)
s.sendall(c.data_to_send())
statuses, size, left = set(), 0, 20
while left:
  for e in c.receive_data(s.recv(65536)):
    if isinstance(e, h2.events.ResponseReceived): statuses.add(dict(e.headers)[':status'])
    if isinstance(e, h2.events.DataReceived):
      size += len(e.data)
      c.acknowledge_received_data(e.flow_controlled_length, e.stream_id)
    if isinstance(e, h2.events.StreamEnded): left -= 1
  s.sendall(c.data_to_send())
print(sorted(statuses), size)
`;

const READY = {
  curl: PERMITTED && await installed("sh", "-c", "curl --version | grep -q HTTP2"),
  nghttp: PERMITTED && await installed("nghttp", "--version"),
  h2load: PERMITTED && await installed("h2load", "--version"),
  python: PERMITTED && await installed("/usr/bin/python3", "-c", "import h2"),
};

test("clients of HTTP/2 that others have written are served, logged and counted", async (t) => {
  const server = serve();
  {
    await using balancer = await RawBalancer.for([`127.0.0.1:${server.addr.port}`], {
      LB_HTTP2_CLEARTEXT: "on",
      LB_ACCESS_LOG: "full",
    });
    const url = `http://127.0.0.1:${balancer.port}`;
    await t.step({
      name: "curl",
      ignore: !READY.curl,
      async fn() {
        const code = ["-s", "-o", "/dev/null", "-w", "%{http_code} %{http_version} "];
        const curl = ["--http2-prior-knowledge", ...code];
        // Curl 7.88 fails at a second request on such a connection, of any server.
        assertEquals(await runClient("curl", ...curl, url), "200 2 ");
        assertEquals(await runClient("curl", ...curl, "-I", url), "200 2 ");
        assertEquals(await runClient("curl", ...code, "--http1.1", url), "200 1.1 ");
        const body = ["--http2-prior-knowledge", "-s", "--data-binary", "hello"];
        assertEquals(await runClient("curl", ...body, `${url}/echo`), "hello");
        assertEquals(
          await runClient("curl", ...body, "-H", "Expect: 100-continue", `${url}/echo`),
          "hello",
        );
        const text = await Deno.readTextFile("deno.json");
        const file = ["--http2-prior-knowledge", "-s", "-T", "deno.json", "-X", "POST"];
        assertEquals(await runClient("curl", ...file, `${url}/echo`), text);
      },
    });
    await t.step({
      name: "nghttp",
      ignore: !READY.nghttp,
      async fn() {
        const text = await runClient("nghttp", "-nv", `${url}/large`, `${url}/`);
        assertEquals(text.match(/:status: 200/g)?.length, 2);
        assertMatch(text, /recv DATA frame <length=16384/);
      },
    });
    await t.step({
      name: "h2load",
      ignore: !READY.h2load,
      async fn() {
        const text = await runClient("h2load", "-n", "2000", "-c", "16", "-m", "10", url);
        assertMatch(text, /2000 succeeded, 0 failed, 0 errored/);
      },
    });
    await t.step({
      name: "Python's h2",
      ignore: !READY.python,
      async fn() {
        const port = String(balancer.port);
        assertEquals(await runClient("/usr/bin/python3", "-c", PYTHON, port), "['200'] 20000\n");
      },
    });
    await t.step({
      name: "the metrics know the protocol",
      ignore: !READY.curl,
      async fn() {
        const metrics = await (await balancer.balancer.fetch("/_lb/metrics")).text();
        const count = (name: string) =>
          Number(new RegExp(`ringkeeper_http2_${name}_total (\\d+)`).exec(metrics)?.[1]);
        assert(count("connections") >= 5 && count("streams") >= 6, metrics);
        assertEquals([count("stream_errors"), count("connection_errors")], [0, 0]);
      },
    });
    assertEquals(await balancer.failures(), {});
    const { output } = await balancer.balancer.end("SIGTERM");
    assert(!READY.curl || output.includes('"network.protocol.version":"2"'));
  }
  await server.shutdown();
});
