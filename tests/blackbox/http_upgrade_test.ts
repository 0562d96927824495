import { assert, assertEquals } from "@std/assert";
import {
  balancerFor,
  field,
  get,
  OK,
  RawBalancer,
  RawUpstream,
  statusOf,
  within,
} from "../harness/raw.ts";
import { systemTest as test, whenPermitted } from "../../tools/test/needs.ts";

const { WebSocketServer } = await whenPermitted<typeof import("npm:@types/ws@8.18.1")>(() =>
  import("npm:ws@8.18.3")
);

const ASK = get("/chat", "Connection: Upgrade", "Upgrade: echo/1");
const SWITCH =
  "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo/1\r\nX-A: 1\r\n\r\n";

/** Both ends of a tunnel. */
async function open(balancer: RawBalancer, upstream: RawUpstream) {
  const client = await balancer.connect();
  await client.send(ASK);
  const server = await upstream.accept();
  await server.head();
  await server.send(SWITCH);
  assertEquals(statusOf(await client.response()), 101);
  return { client, server };
}

test("a tunnel passes any bytes both ways", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);

  await t.step("the offer goes up and the answer comes down", async () => {
    using client = await balancer.connect();
    await client.send(get("/chat", "Connection: keep-alive, Upgrade", "Upgrade: echo/1, echo/2"));
    using server = await upstream.accept();
    const request = await server.request();
    assertEquals(field(request, "connection"), "upgrade");
    assertEquals(field(request, "upgrade"), "echo/1, echo/2");
    await server.send(SWITCH);
    const response = await client.response();
    assertEquals(response.line, "HTTP/1.1 101 Switching Protocols");
    assertEquals([field(response, "connection"), field(response, "upgrade")], [
      "upgrade",
      "echo/1",
    ]);
    assertEquals(field(response, "x-a"), "1");
  });

  await t.step("any bytes, in turns", async () => {
    const { client, server } = await open(balancer, upstream);
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
    for (let i = 0; i < 3; i++) {
      await client.send(all);
      assertEquals(await server.exactly(256), all);
      await server.send(all + all);
      assertEquals(await client.exactly(512), all + all);
    }
    client.close();
    server.close();
  });

  await t.step("bytes that come with the heads are not lost", async () => {
    using client = await balancer.connect();
    await client.send(ASK + "early");
    using server = await upstream.accept();
    await server.head();
    await server.send(SWITCH + "at once");
    assertEquals(statusOf(await client.response()), 101);
    assertEquals(await client.exactly(7), "at once");
    assertEquals(await server.exactly(5), "early");
  });

  for (const first of [true, false]) {
    const before = first ? "at once" : "after some bytes";
    await t.step(`the client may end its side ${before} and still listen`, async () => {
      const { client, server } = await open(balancer, upstream);
      if (!first) {
        await client.send("a");
        await server.exactly(1);
      }
      await client.end();
      assertEquals((await server.rest()).text, "");
      await server.send("still here");
      assertEquals(await client.exactly(10), "still here");
      server.close();
      assertEquals(await client.rest(), { text: "", reset: false });
      client.close();
    });

    await t.step(`so may the replica ${before}`, async () => {
      const { client, server } = await open(balancer, upstream);
      if (!first) {
        await server.send("a");
        await client.exactly(1);
      }
      await server.end();
      assertEquals((await client.rest()).text, "");
      await client.send("still here");
      assertEquals(await server.exactly(10), "still here");
      client.close();
      assertEquals(await server.rest(), { text: "", reset: false });
      server.close();
    });
  }

  await t.step("an end that closes its connection closes the other one", async () => {
    const { client, server } = await open(balancer, upstream);
    client.close();
    await server.rest();
    await server.send("bye");
    server.close();
    await balancer.seen();
  });

  await t.step("a refusal of the offer is a response like any other", async () => {
    using client = await balancer.connect();
    await client.send(ASK);
    using server = await upstream.accept();
    await server.head();
    await server.send(OK);
    assertEquals((await client.response()).body, "ok");
    await client.send(get("/next"));
    assertEquals((await server.request()).line, "GET /next HTTP/1.1");
    await server.send(OK);
    assertEquals((await client.response()).body, "ok");
  });

  await t.step("none of it is a failure of the balancer or of the replica", async () => {
    const { ready, failures } = await balancer.balancer.status();
    assertEquals([ready, failures], [1, {}]);
  });
});

test("an unrequested switch of protocols is a 502", async () => {
  const unnamed = SWITCH.replace("Upgrade: echo/1\r\n", "");
  await using upstream = new RawUpstream(({ line }) => line.includes("unnamed") ? unnamed : SWITCH);
  await using balancer = await balancerFor([upstream], { LB_HEALTH_PATH: "/heartbeat" });
  assertEquals(statusOf(await balancer.ask(get())), 502);
  assertEquals(statusOf(await balancer.ask(get("/", "Upgrade: echo/1"))), 502);
  assertEquals(statusOf(await balancer.ask(ASK.replace("/chat", "/unnamed"))), 502);
});

test("a tunnel that is silent for too long is closed, one that is used is not", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream], { LB_STREAM_IDLE_MS: "1500" });
  const { client, server } = await open(balancer, upstream);
  const start = performance.now();
  while (performance.now() - start < 2000) {
    await balancer.seen();
    await server.send("x");
    await client.exactly(1);
  }
  const silent = performance.now();
  await server.send("x");
  await Promise.all([client.rest(), server.rest()]);
  assert(performance.now() - silent >= 1500);
  client.close();
});

test("a tunnel goes on while the balancer drains, until the deadline", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream], { LB_DRAIN_STREAMS_MS: "600" });
  const { client, server } = await open(balancer, upstream);
  const start = performance.now();
  const ended = balancer.balancer.end("SIGTERM");
  await client.send("still");
  assertEquals(await server.exactly(5), "still");
  await Promise.all([client.rest(), server.rest()]);
  assert(performance.now() - start >= 500);
  assertEquals((await ended).code, 0);
  client.close();
});

/** Sends and waits for each message to come back. */
async function echo(socket: WebSocket, messages: readonly (string | Uint8Array<ArrayBuffer>)[]) {
  const back: unknown[] = [];
  for (const message of messages) {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    socket.onmessage = ({ data }) => resolve(data);
    socket.send(message);
    back.push(await within("an echo", promise));
  }
  return back;
}

test("WebSockets of kept libraries meet through a tunnel", async () => {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  server.on("connection", (socket) => {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await new Promise((resolve) => server.on("listening", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  {
    await using balancer = await RawBalancer.for([`127.0.0.1:${port}`]);
    const socket = new WebSocket(`ws://127.0.0.1:${balancer.port}/chat?room=1`);
    socket.binaryType = "arraybuffer";
    await within("open", new Promise((resolve) => socket.onopen = resolve));
    const large = "ü".repeat(200_000);
    const bytes = new Uint8Array(100_000).fill(7);
    const [text, long, binary] = await echo(socket, ["hello", large, bytes]);
    assertEquals(text, "hello");
    assertEquals(long === large, true);
    assertEquals(new Uint8Array(binary as ArrayBuffer).every((byte) => byte === 7), true);
    const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
    socket.close(4000, "done");
    const { code, reason } = await within("close", closed);
    assertEquals([code, reason], [4000, "done"]);
    assertEquals(await balancer.failures(), {});
  }
  await new Promise((resolve) => server.close(resolve));
});
