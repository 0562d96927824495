/**
 * Clients of others over TLS: HTTP/2 and WebSocket, event streams, and a slow reader among many.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import { makePair } from "../harness/certificates.ts";
import { browserTest } from "../harness/chromium.ts";
import { within } from "../harness/raw.ts";
import { installed, runClient } from "../harness/real_clients.ts";
import { PERMITTED, systemTest as test } from "../../tools/test/needs.ts";

/** Bytes of a response that is larger than the window of a stream. */
const LARGE = 128 * 1024;

/** A page that reports everything that it gets by its title. */
const PAGE = `<!doctype html><title>wait</title><script>
const seen = [];
const note = (text) => { seen.push(text); document.title = seen.toSorted().join(" "); };
const events = new EventSource("/events");
events.onmessage = ({ data }) => note("event-" + data);
const socket = new WebSocket("wss://" + location.host + "/ws");
socket.onopen = () => socket.send("hello");
socket.onmessage = ({ data }) => { note("socket-" + data); socket.close(); };
fetch("/large").then((response) => response.arrayBuffer()).then(({ byteLength }) => {
  note(performance.getEntriesByType("navigation")[0].nextHopProtocol + "-" + byteLength);
});
</script>`;

/** A server that others have written. Its event streams stay open. */
function serve(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    switch (new URL(request.url).pathname) {
      case "/large":
        return new Response(new Uint8Array(LARGE));
      case "/events":
        return new Response(events(), { headers: { "content-type": "text/event-stream" } });
      case "/ws":
        return echo(request);
      case "/page":
        return new Response(PAGE, { headers: { "content-type": "text/html" } });
      default:
        return new Response("hello");
    }
  });
}

function events(): ReadableStream<Uint8Array> {
  const text = new TextEncoder();
  return new ReadableStream({
    start: (controller) => {
      for (const name of ["a", "b"]) controller.enqueue(text.encode(`data: ${name}\n\n`));
    },
  });
}

function echo(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
}

interface Served extends AsyncDisposable {
  readonly balancer: Balancer;
  /** The file of the certificate, for `localhost`. */
  readonly certificate: string;
  readonly url: string;
}

async function start(): Promise<Served> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const { cert } = await makePair(folder, "default", { names: ["localhost"] });
  const server = serve();
  stack.defer(() => server.shutdown());
  const balancer = stack.use(
    await Balancer.start({
      LB_ENGINE: "static",
      LB_UPSTREAMS: `127.0.0.1:${server.addr.port}`,
      LB_HEALTH_PATH: "",
      LB_WORKERS: "1",
      LB_TLS_PORT: "0",
      LB_TLS_CERTIFICATES: folder,
      LB_DRAIN_STREAMS_MS: "100",
    }),
  );
  const all = stack.move();
  const url = `https://localhost:${balancer.tlsPort}`;
  return { balancer, certificate: cert, url, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/**
 * Python's `h2`: 100 streams at once. One of them is not read until the others are complete.
 */
const PYTHON = `
import socket, ssl, sys, h2.connection, h2.config, h2.events
context = ssl.create_default_context(cafile=sys.argv[2])
context.set_alpn_protocols(['h2'])
plain = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
s = context.wrap_socket(plain, server_hostname='localhost')
c = h2.connection.H2Connection(config=h2.config.H2Configuration(header_encoding='utf-8'))
c.initiate_connection()
c.increment_flow_control_window(2 ** 30)
for i in range(100):
  n = c.get_next_available_stream_id()
  c.send_headers(n, [(':method', 'GET'), (':path', '/large'), (':scheme', 'https'), (':authority', 'localhost')], end_stream=True)
s.sendall(c.data_to_send())
slow, unread, ended, size = 1, 0, [], 0
while len(ended) < 100:
  for e in c.receive_data(s.recv(65536)):
    if isinstance(e, h2.events.DataReceived):
      size += len(e.data)
      if e.stream_id == slow and len(ended) < 99: unread += e.flow_controlled_length
      else: c.acknowledge_received_data(e.flow_controlled_length, e.stream_id)
    if isinstance(e, h2.events.StreamEnded):
      ended.append(e.stream_id)
      if len(ended) == 99: c.acknowledge_received_data(unread, slow)
    if isinstance(e, (h2.events.StreamReset, h2.events.ConnectionTerminated)): sys.exit(str(e))
  s.sendall(c.data_to_send())
print(s.selected_alpn_protocol(), ended[-1], unread, size)
`;

const READY = {
  nghttp: PERMITTED && await installed("nghttp", "--version"),
  h2load: PERMITTED && await installed("h2load", "--version"),
  python: PERMITTED && await installed("/usr/bin/python3", "-c", "import h2"),
};

test("clients that others have written are served over TLS by HTTP/2", async (t) => {
  await using served = await start();
  const { url, certificate, balancer } = served;
  await t.step("curl reads an event stream while it goes on", async () => {
    const curl = new Deno.Command("curl", {
      args: ["-sSN", "--http2", "--cacert", certificate, `${url}/events`],
      stdout: "piped",
    }).spawn();
    const reader = curl.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("data: b")) {
      const { value, done } = await within("an event", reader.read());
      assert(!done, text);
      text += value;
    }
    assertEquals(text, "data: a\n\ndata: b\n\n");
    curl.kill("SIGTERM");
    await reader.cancel();
    await curl.status;
  });
  await t.step({
    name: "nghttp",
    ignore: !READY.nghttp,
    async fn() {
      const text = await runClient("nghttp", "-nv", `${url}/large`, `${url}/`);
      assertEquals(text.match(/:status: 200/g)?.length, 2);
      assertMatch(text, /negotiated protocol: h2/);
    },
  });
  await t.step({
    name: "h2load",
    ignore: !READY.h2load,
    async fn() {
      const text = await runClient("h2load", "-n", "2000", "-c", "8", "-m", "10", url);
      assertMatch(text, /Application protocol: h2/);
      assertMatch(text, /2000 succeeded, 0 failed, 0 errored/);
    },
  });
  await t.step({
    name: "a slow reader among a hundred streams holds no other up",
    ignore: !READY.python,
    async fn() {
      const port = String(balancer.tlsPort);
      const text = await runClient("/usr/bin/python3", "-c", PYTHON, port, certificate);
      assertEquals(text, `h2 1 65535 ${100 * LARGE}\n`);
    },
  });
  assertEquals((await balancer.status()).failures, {});
});

browserTest("a browser uses HTTP/2, event streams and WebSockets over TLS", async (open) => {
  await using served = await start();
  const { page, complaints } = await open({ ignoreHTTPSErrors: true });
  await page.goto(`${served.url}/page`, { waitUntil: "domcontentloaded" });
  const expected = `event-a event-b h2-${LARGE} socket-hello`;
  await page.waitForFunction(`document.title === "${expected}"`);
  assertEquals(complaints, []);
  assertEquals((await served.balancer.status()).failures, {});
});
