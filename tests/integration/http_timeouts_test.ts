import { assert, assertEquals, assertMatch } from "@std/assert";
import { DataPlaneHarness, getOf, idOf, named } from "./harness/data_plane.ts";
import {
  balancerFor,
  field,
  FullListener,
  get,
  OK,
  type RawBalancer,
  type RawConnection,
  RawUpstream,
  statusOf,
  within,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** The machine has other things to do; the defaults of all deadlines are longer. */
const SLACK_MS = 10_000;

const UPLOAD = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n";

/** Milliseconds until something is done. */
async function timeOf(task: Promise<unknown>): Promise<number> {
  const start = performance.now();
  await task;
  return performance.now() - start;
}

function assertTook(ms: number, expected: number): void {
  assert(ms >= expected && ms <= expected + SLACK_MS, `${ms} ms instead of ${expected}`);
}

/** Sends a byte each time that the balancer has read the one before, until it is cut off. */
async function drip(balancer: RawBalancer, client: RawConnection, bytes: string): Promise<void> {
  try {
    for (const byte of bytes) {
      await client.send(byte);
      for (let i = 0; i < 5; i++) await balancer.seen();
    }
  } catch (error) {
    // It is cut off, as it has to be.
    if (!/BrokenPipe|ConnectionReset|BadResource/.test(String(error))) throw error;
  }
}

test("a head has to come in time", async (t) => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream], { LB_HEAD_TIMEOUT_MS: "400" });

  await t.step("half of one is answered with 408", async () => {
    using client = await balancer.connect();
    const start = performance.now();
    await client.send(get().slice(0, -2));
    const response = await client.response();
    assertTook(performance.now() - start, 400);
    assertEquals([statusOf(response), field(response, "connection")], [408, "close"]);
    assertEquals(JSON.parse(response.body).status, "failure");
    assertEquals(await client.rest(), { text: "", reset: false });
  });

  await t.step("one that drips in cannot hold the connection", async () => {
    using client = await balancer.connect();
    const dripping = drip(balancer, client, `GET /${"x".repeat(5000)}`);
    assertTook(await timeOf(client.response()), 400);
    client.close();
    await dripping;
  });

  await t.step("so it is for a later request", async () => {
    using client = await balancer.connect();
    await client.send(get());
    await client.response();
    const start = performance.now();
    await client.send("GET");
    assertEquals(statusOf(await client.response()), 408);
    assertTook(performance.now() - start, 400);
  });

  await t.step("a silent connection is closed without a response", async () => {
    const start = performance.now();
    using client = await balancer.connect();
    await client.rest();
    assertTook(performance.now() - start, 400);
  });

  await t.step("bytes after a 408 are not parsed as a request", async () => {
    using client = await balancer.connect();
    const before = upstream.requests.length;
    await client.send("G");
    assertEquals(statusOf(await client.response()), 408);
    await client.send("ET /late HTTP/1.1\r\nHost: a\r\n\r\nGET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    assertEquals((await client.rest()).text, "");
    await balancer.ask(get("/after"));
    assertEquals(upstream.requests.slice(before), ["GET /after HTTP/1.1"]);
  });

  await t.step("none of it is a failure of the balancer", async () => {
    assertEquals(await balancer.failures(), {});
  });
});

test("a connection that waits for its next request is closed in time", async () => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream], { LB_KEEPALIVE_TIMEOUT_MS: "400" });
  using client = await balancer.connect();
  const start = performance.now();
  await client.send(get());
  await client.response();
  assertEquals(await client.rest(), { text: "", reset: false });
  assertTook(performance.now() - start, 400);
});

test("a replica that does not begin its response is a 504", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream], { LB_RESPONSE_TIMEOUT_MS: "300" });
  using client = await balancer.connect();
  const start = performance.now();
  await client.send(get());
  const server = await upstream.accept();
  await server.request();
  const response = await client.response();
  assertTook(performance.now() - start, 300);
  assertEquals(statusOf(response), 504);
  assertEquals(JSON.parse(response.body).status, "failure");
  assertEquals((await server.rest()).text, "");
  assertEquals(upstream.connections.length, 1);
});

test("an upload that takes its time is not the replica's delay", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream], {
    LB_RESPONSE_TIMEOUT_MS: "1500",
    LB_BODY_TIMEOUT_MS: "20000",
  });
  using client = await balancer.connect();
  await client.send(UPLOAD);
  const server = await upstream.accept();
  await server.head();
  const start = performance.now();
  // Ten bytes, in more than the response's time.
  for (let i = 0; i < 10; i++) {
    while (performance.now() - start < i * 200) await balancer.seen();
    await client.send("x");
    await server.exactly(1);
  }
  await server.send(OK);
  assertEquals(statusOf(await client.response()), 200);
});

test("a body has to go on", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream], {
    LB_BODY_TIMEOUT_MS: "400",
    LB_RESPONSE_BODY_TIMEOUT_MS: "400",
  });

  await t.step("a request that stops is answered with 408", async () => {
    using client = await balancer.connect();
    const start = performance.now();
    await client.send(UPLOAD + "12345");
    const server = await upstream.accept();
    await server.until("12345");
    const response = await client.response();
    assertTook(performance.now() - start, 400);
    assertEquals([statusOf(response), field(response, "connection")], [408, "close"]);
    assertEquals((await server.rest()).text, "");
  });

  await t.step("without evidence against the replica", async () => {
    assertEquals((await balancer.balancer.status()).ready, 1);
    assertEquals(upstream.connections.length, 1);
  });

  await t.step("a response that stops breaks off", async () => {
    await balancer.balancer.until(({ ready }) => ready === 1);
    using client = await balancer.connect();
    await client.send(get());
    const server = await upstream.accept();
    await server.request();
    const start = performance.now();
    await server.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
    await client.until("12345");
    await client.rest();
    assertTook(performance.now() - start, 400);
    assertEquals((await server.rest()).text, "");
  });

  await t.step("so does one that its client does not read", async () => {
    using client = await balancer.connect();
    await client.send(get());
    const server = await upstream.accept();
    await server.request();
    const size = 64 * 1024 * 1024;
    await server.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    const piece = new Uint8Array(64 * 1024);
    const sending = (async () => {
      for (let sent = 0; sent < size; sent += piece.length) await server.send(piece);
    })();
    const outcome = await within("the end of a stalled response", sending.then(String, String));
    assert(/BrokenPipe|ConnectionReset/.test(outcome), outcome);
  });
});

/** Blocks the event loop for the given number of milliseconds. */
async function silence(balancer: RawBalancer, ms: number): Promise<void> {
  for (const start = performance.now(); performance.now() - start < ms;) await balancer.seen();
}

test("each kind of body may be silent for a time of its own", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream], {
    LB_BODY_TIMEOUT_MS: "200",
    LB_RESPONSE_BODY_TIMEOUT_MS: "1500",
    LB_STREAM_IDLE_MS: "4000",
  });
  const open = async (fields: string) => {
    const client = await balancer.connect();
    await client.send(get());
    const server = await upstream.accept();
    await server.request();
    const start = performance.now();
    await server.send(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\n`);
    await client.until("\r\n\r\n");
    return { client, server, start };
  };
  const CHUNKED = "Transfer-Encoding: chunked";

  await t.step("a response outlives the time of an upload", async () => {
    const { client, server } = await open("Content-Length: 5");
    await silence(balancer, 400);
    await server.send("after");
    assertEquals(await client.exactly(5), "after");
    client.close();
    server.close();
  });

  await t.step("and ends by its own", async () => {
    const { client, start } = await open(CHUNKED);
    await client.rest();
    assertTook(performance.now() - start, 1500);
  });

  const streams = [
    `Content-Type: text/event-stream\r\n${CHUNKED}`,
    `content-type: Text/Event-Stream; charset=utf-8\r\n${CHUNKED}`,
    "X: y",
  ];
  await t.step(
    "event streams, and responses that end with their connection, outlive that",
    async () => {
      const opened: [string, Awaited<ReturnType<typeof open>>][] = [];
      for (const fields of streams) opened.push([fields, await open(fields)]);
      await silence(balancer, 1800);
      await Promise.all(opened.map(async ([fields, { client, server }]) => {
        const start = performance.now();
        await server.send(fields.endsWith("chunked") ? "5\r\nevent\r\n" : "event");
        await client.until("event");
        await client.rest();
        assertTook(performance.now() - start, 4000);
        await server.rest();
      }));
    },
  );

  await t.step("an upload ends by the shortest", async () => {
    using client = await balancer.connect();
    const start = performance.now();
    await client.send(UPLOAD + "12345");
    const server = await upstream.accept();
    await server.until("12345");
    assertEquals(statusOf(await client.response()), 408);
    assertTook(performance.now() - start, 200);
  });
});

test("an upload that stops behind the beginning of its response does not cut that", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream], { LB_BODY_TIMEOUT_MS: "200" });
  using client = await balancer.connect();
  await client.send(UPLOAD + "12345");
  const server = await upstream.accept();
  await server.until("12345");
  await server.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  await client.until("\r\n\r\n");
  await silence(balancer, 500);
  await server.send("after");
  assertEquals(await client.exactly(5), "after");
  assertEquals((await client.rest()).text, "");
});

test("a replica that does not accept in time is passed over", async () => {
  using full = await FullListener.listen();
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream], {
    LB_UPSTREAMS: `Server1=${full.address},Server2=${upstream.address}`,
    LB_CONNECT_TIMEOUT_MS: "300",
  });
  using client = await balancer.connect();
  // One of these ids is of Server1, whose listener it is.
  const times: number[] = [];
  for (let id = 0; id < 8; id++) {
    await client.send(get("/", `X-Request-Id: ${id}`));
    times.push(await timeOf(client.response().then((r) => assertEquals(statusOf(r), 200))));
  }
  const slow = times.filter((ms) => ms >= 290);
  assertEquals(slow.length >= 1 && slow.every((ms) => ms < 300 + SLACK_MS), true, String(times));
});

test("a connect timeout makes it suspect and proves nothing; unsent requests may go elsewhere", async () => {
  using full = await FullListener.listen();
  await using second = named("Server2");
  await using bench = await DataPlaneHarness.open({
    timeouts: { connect: 100 },
    hold: { graceMs: 100 },
  });
  await bench.publish({ ready: { Server1: full, Server2: second } });
  const fields = `Content-Length: 2\r\nX-Request-Id: ${idOf("Server1")}`;
  const response = await bench.ask(`POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\nhi`);
  assertEquals([statusOf(response), response.body], [200, "Server2"]);
  assertEquals(bench.evidence.map(({ kind, fresh }) => [kind, fresh]), [["timeout", true]]);
});

test("without another replica the client gets a 504 that names the cause", async () => {
  using full = await FullListener.listen();
  await using bench = await DataPlaneHarness.open({
    timeouts: { connect: 100 },
    hold: { policy: "spill" },
  });
  await bench.publish({ ready: { Server1: full } });
  const response = await bench.ask(getOf("Server1"));
  assertEquals(statusOf(response), 504);
  assertMatch(response.body, /did not accept a connection in time/);
});
