import { assert, assertEquals, assertMatch } from "@std/assert";
import { residentBytes } from "../harness/balancer.ts";
import { DataPlaneHarness, named, NONE } from "./harness/data_plane.ts";
import {
  balancerFor,
  field,
  get,
  OK,
  RawConnection,
  type RawMessage,
  RawUpstream,
  statusOf,
  within,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const MIB = 1024 * 1024;
const PIECE = new Uint8Array(64 * 1024).fill(120);

function putOf(length: number, ...fields: string[]): string {
  const lines = ["PUT /up HTTP/1.1", "Host: a", `Content-Length: ${length}`, ...fields];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Sends a head and the given number of bytes behind it. */
async function sendAll(client: RawConnection, head: string, length: number): Promise<void> {
  await client.send(head);
  for (let sent = 0; sent < length; sent += PIECE.length) {
    await client.send(PIECE.subarray(0, length - sent));
  }
}

/** The answer to a client that reads nothing before it has written everything. */
async function answerAfter(port: number, head: string, length: number): Promise<RawMessage> {
  using client = await RawConnection.to(port);
  await within("the upload", sendAll(client, head, length), 30_000);
  return await client.response();
}

/** Sends until the other side has closed the connection altogether. */
async function untilClosed(client: RawConnection): Promise<string> {
  const sending = async () => {
    for (;;) await client.send(PIECE);
  };
  return await within("the end of the connection", sending().catch(String));
}

test("a client that writes all before it reads gets the balancer's own answer", async (t) => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream], {
    LB_MAX_BODY_BYTES: `${MIB}`,
    LB_MAX_HEAD_BYTES: "1000",
  });
  const before = await residentBytes(balancer.balancer.pid);
  for (const length of [8 * MIB, 64 * MIB]) {
    const heads = {
      "413 for a length": [putOf(length), 413],
      "413 for chunks": [
        `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${length.toString(16)}\r\n`,
        413,
      ],
      "400 for a malformed head": [putOf(length, "No colon"), 400],
      "431 for a long head": [putOf(length, `X: ${"x".repeat(1000)}`), 431],
    } as const;
    for (const [what, [head, status]] of Object.entries(heads)) {
      await t.step(`${what}, ${length / MIB} MiB`, async () => {
        const answer = await answerAfter(balancer.port, head, length);
        assertEquals([statusOf(answer), field(answer, "connection")], [status, "close"]);
      });
    }
  }

  await t.step("which takes bounded memory", async () => {
    const grown = await residentBytes(balancer.balancer.pid) - before;
    assert(grown < 32 * MIB, `the balancer grew by ${grown} bytes`);
  });

  await t.step("none of it is a failure of the balancer", async () => {
    assertEquals(await balancer.failures(), {});
  });
});

test("so does one whose request finds no replica", async (t) => {
  await using bench = await DataPlaneHarness.open({ hold: { policy: "fail" } });
  await bench.publish(NONE);
  for (const length of [8 * MIB, 64 * MIB]) {
    await t.step(`${length / MIB} MiB`, async () => {
      assertEquals(statusOf(await answerAfter(bench.port, putOf(length), length)), 503);
    });
  }
});

test("so does one that is late with its body and sends it after the 408", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream], { LB_BODY_TIMEOUT_MS: "200" });
  using client = await balancer.connect();
  await client.send(putOf(8 * MIB));
  const server = await upstream.accept();
  await server.head();
  await server.rest();
  await sendAll(client, "", 8 * MIB);
  assertEquals(statusOf(await client.response()), 408);
});

test("so does one of too many connections", async () => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream], { LB_MAX_CONNECTIONS_PER_CLIENT: "1" });
  using first = await balancer.connect();
  await first.send(get());
  await first.response();
  const answer = await answerAfter(balancer.port, putOf(8 * MIB), 8 * MIB);
  assertEquals([statusOf(answer), field(answer, "connection")], [503, "close"]);
});

const EARLY = "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig";

/** Ways in which a replica answers before it has read the request's body. */
const REPLICAS: Record<string, (server: RawConnection, length: number) => Promise<void>> = {
  "closes at once": async (server) => {
    await server.send(EARLY.replace("\r\n", "\r\nConnection: close\r\n"));
    // With bytes that it has not read: its peer sees a reset.
    server.close();
  },
  "says nothing of it and closes": async (server) => {
    await server.send(EARLY);
    server.close();
  },
  "ends its side and reads on": async (server) => {
    await server.send(EARLY.replace("\r\n", "\r\nConnection: close\r\n"));
    await server.end();
    await server.rest();
  },
  "reads on": async (server, length) => {
    await server.send(EARLY);
    await server.skip(length);
  },
};

test("a replica's early response reaches a client that writes all before it reads", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream], { LB_HEALTH_PATH: "/heartbeat" });
  const before = await residentBytes(balancer.balancer.pid);
  for (const [what, answer] of Object.entries(REPLICAS)) {
    for (const length of [8 * MIB, 64 * MIB]) {
      await t.step(`of one that ${what}, ${length / MIB} MiB`, async () => {
        using client = await balancer.connect();
        const sending = within("the upload", sendAll(client, putOf(length), length), 30_000);
        const server = await upstream.accept();
        await server.head();
        const serving = answer(server, length);
        await sending;
        const response = await client.response();
        assertEquals([response.body, field(response, "connection")], ["big", undefined]);
        // The body is complete, so the connection stays usable.
        await serving;
        await client.send(get("/next"));
        const next = what === "reads on" ? server : await upstream.accept();
        assertEquals((await next.request()).line, "GET /next HTTP/1.1");
        await next.send(OK);
        assertEquals((await client.response()).body, "ok");
        client.close();
        next.close();
      });
    }
  }

  await t.step("which takes bounded memory", async () => {
    const grown = await residentBytes(balancer.balancer.pid) - before;
    assert(grown < 48 * MIB, `the balancer grew by ${grown} bytes`);
  });
});

test("an early response that is long reaches a client that writes all before it reads", async () => {
  const length = 32 * MIB;
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  const uploading = sendAll(client, putOf(length), length);
  const server = await upstream.accept();
  await server.head();
  // The replica reads no byte of the upload, and closes after its response.
  const answering = sendAll(server, `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`, length);
  const reading = async () => {
    assertMatch(await client.until("\r\n\r\n"), /^HTTP\/1.1 200/);
    await client.skip(length);
    server.close();
  };
  await within("both bodies", Promise.all([uploading, answering, reading()]));
  await client.send(get("/next"));
  using other = await upstream.accept();
  await other.request();
  await other.send(OK);
  assertEquals((await client.response()).body, "ok");
});

test("an early response leaves the connection open to a client that ends its body", async (t) => {
  const head = "PUT /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream], { LB_HEALTH_PATH: "/heartbeat" });

  await t.step("all of the body goes to a replica that reads it", async () => {
    using client = await balancer.connect();
    await client.send(head);
    using server = await upstream.accept();
    await server.until("hello\r\n");
    await server.send(OK);
    const response = await client.response();
    assertEquals([response.body, field(response, "connection")], ["ok", undefined]);
    await balancer.seen();
    await client.send("5\r\nworld\r\n0\r\n\r\n" + get("/next"));
    assertEquals(await server.until("0\r\n\r\n"), "5\r\nworld\r\n0\r\n\r\n");
    assertEquals((await server.request()).line, "GET /next HTTP/1.1");
    await server.send(OK);
    assertEquals((await client.response()).body, "ok");
  });

  await t.step("it is read for a replica that is gone", async () => {
    using client = await balancer.connect();
    await client.send(head);
    const server = await upstream.accept();
    await server.until("hello\r\n");
    await server.send(OK.replace("\r\n", "\r\nConnection: close\r\n"));
    assertEquals(field(await client.response(), "connection"), undefined);
    server.close();
    await balancer.seen();
    await client.send("5\r\nworld\r\n0\r\n\r\n" + get("/next"));
    using other = await upstream.accept();
    assertEquals((await other.request()).line, "GET /next HTTP/1.1");
    await other.send(OK);
    assertEquals((await client.response()).body, "ok");
  });

  await t.step("one that goes wrong then closes it", async () => {
    using client = await balancer.connect();
    await client.send(head);
    const server = await upstream.accept();
    await server.until("hello\r\n");
    await server.send(OK);
    assertEquals((await client.response()).body, "ok");
    await client.send("oops\r\n" + get("/smuggled"));
    assertEquals((await client.rest()).text, "");
    assertEquals((await server.rest()).text, "");
  });

  await t.step("HTTP/1.0 and Connection: close end it at once", async () => {
    using client = await balancer.connect();
    await client.send(putOf(100, "Connection: close") + "hello");
    const server = await upstream.accept();
    await server.until("hello");
    await server.send(OK);
    const response = await client.response();
    assertEquals([response.body, field(response, "connection")], ["ok", "close"]);
    assertEquals(await client.rest(), { text: "", reset: false });
  });
});

test("reading from a client that has its answer is bounded", async (t) => {
  await using one = named("one");
  const refused = putOf(10 * MIB, "No colon");
  const openWith = async (linger: { readMs?: number; totalMs?: number; bytes?: number }) => {
    const bench = await DataPlaneHarness.open({ linger });
    await bench.publish({ ready: { Server1: one } });
    return bench;
  };

  await t.step("in bytes", async () => {
    await using bench = await openWith({ bytes: MIB });
    using client = await bench.connect();
    await client.send(refused);
    assertEquals(statusOf(await client.response()), 400);
    assertMatch(await untilClosed(client), /BrokenPipe|ConnectionReset/);
  });

  await t.step("in all its time", async () => {
    await using bench = await openWith({ totalMs: 300 });
    using client = await bench.connect();
    await client.send(refused);
    assertEquals(statusOf(await client.response()), 400);
    assertMatch(await untilClosed(client), /BrokenPipe|ConnectionReset/);
  });

  await t.step("in the time between two reads", async () => {
    await using bench = await openWith({ readMs: 200 });
    using client = await bench.connect();
    await client.send(refused);
    assertEquals(statusOf(await client.response()), 400);
    assertEquals((await client.rest()).text, "");
    // Half of it is closed so far. The worker counts it until all of it is.
    const ended = async () => {
      while (bench.workers.counts().workers.connections > 0) (await bench.connect()).close();
    };
    await within("its end", ended());
  });
});

test("a client that still sends does not hold up the end of the balancer", async () => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream], { LB_DRAIN_MS: "500" });
  using client = await balancer.connect();
  await client.send(putOf(10 * MIB, "No colon"));
  assertEquals(statusOf(await client.response()), 400);
  const closed = untilClosed(client);
  const start = performance.now();
  assertEquals((await balancer.balancer.end("SIGTERM")).code, 0);
  assert(performance.now() - start < 30_000);
  assertMatch(await closed, /BrokenPipe|ConnectionReset/);
});

test("a connection that is closed behind its response is closed in stages, too", async () => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  // The second request is not answered, and its bytes must not destroy the first response.
  await client.send(get("/1", "Connection: close") + putOf(8 * MIB));
  await sendAll(client, "", 8 * MIB);
  assertEquals((await client.response()).body, "ok");
  assertEquals(await client.rest(), { text: "", reset: false });
});
