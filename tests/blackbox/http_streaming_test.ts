import { assert, assertEquals } from "@std/assert";
import { residentBytes } from "../harness/balancer.ts";
import {
  balancerFor,
  get,
  OK,
  type RawBalancer,
  type RawConnection,
  RawUpstream,
  statusOf,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";

const PIECE = 64 * 1024;
const SIZE = 128 * 1024 * 1024;

/** A writer that makes no progress for this time is held back by backpressure. */
const STALL_MS = 400;

/** Sends a body of `SIZE` bytes, and counts the bytes sent. */
class Sender {
  sent = 0;
  readonly done: Promise<void>;

  constructor(readonly to: RawConnection) {
    this.done = this.#run();
  }

  /** Waits until it cannot go on. */
  async stall(): Promise<void> {
    for (let before = -1; before !== this.sent;) {
      before = this.sent;
      await new Promise((resolve) => setTimeout(resolve, STALL_MS));
    }
  }

  async #run(): Promise<void> {
    const piece = new Uint8Array(PIECE);
    for (; this.sent < SIZE; this.sent += PIECE) {
      await this.to.send(piece.fill(this.sent / PIECE % 251));
    }
  }
}

async function assertHeldBack(sender: Sender, balancer: RawBalancer, before: number) {
  await sender.stall();
  assert(sender.sent < SIZE / 2, `${sender.sent} bytes went into a connection nobody reads`);
  const grown = await residentBytes(balancer.balancer.pid) - before;
  assert(grown < 32 * 1024 * 1024, `the balancer grew by ${grown} bytes`);
}

test("a body of any size takes bounded memory, and its sender waits for its reader", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  const before = await residentBytes(balancer.balancer.pid);

  await t.step("on its way down", async () => {
    using client = await balancer.connect();
    await client.send(get());
    using server = await upstream.accept();
    await server.request();
    await server.send(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`);
    const sender = new Sender(server);
    await assertHeldBack(sender, balancer, before);
    await client.until("\r\n\r\n");
    await client.skip(SIZE);
    await sender.done;
  });

  await t.step("on its way up", async () => {
    using client = await balancer.connect();
    await client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${SIZE}\r\n\r\n`);
    using server = await upstream.accept();
    await server.head();
    const sender = new Sender(client);
    await assertHeldBack(sender, balancer, before);
    await server.skip(SIZE);
    await sender.done;
    await server.send(OK);
    assertEquals((await client.response()).body, "ok");
  });

  await t.step("and leaves little behind", async () => {
    assert(await residentBytes(balancer.balancer.pid) - before < 48 * 1024 * 1024);
  });
});

test("large bodies arrive unchanged with any framing", async () => {
  const body = Array.from({ length: 300_000 }, (_, i) => String.fromCharCode(i * 7 % 256)).join("");
  const chunks = `4000\r\n${body.slice(0, 16384)}\r\n${(300_000 - 16384).toString(16)};x\r\n` +
    `${body.slice(16384)}\r\n0\r\nT: 1\r\n\r\n`;
  await using upstream = new RawUpstream(({ line, raw }) =>
    line.startsWith("PUT /chunked")
      ? `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${raw}`
      : `HTTP/1.1 200 OK\r\nContent-Length: ${raw.length}\r\n\r\n${raw}`
  );
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  for (let i = 0; i < 2; i++) {
    await client.send("PUT /length HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + body);
    assertEquals((await client.response()).body === body, true);
    await client.send("PUT /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    await client.send(chunks);
    assertEquals((await client.response()).raw === chunks, true);
  }
  assertEquals(upstream.connections.length, 1);
});

test("events arrive one by one, each before the next is sent", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  const framings = { "Transfer-Encoding: chunked": true, "Connection: close": false };
  for (const [framing, chunked] of Object.entries(framings)) {
    await t.step(framing, async () => {
      using client = await balancer.connect();
      await client.send(get("/events", "Accept: text/event-stream"));
      using server = await upstream.accept();
      await server.request();
      await server.send(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${framing}\r\n\r\n`);
      await client.until("\r\n\r\n");
      for (let i = 0; i < 10; i++) {
        const event = `data: ${i}\n\n`;
        await server.send(chunked ? `${event.length.toString(16)}\r\n${event}\r\n` : event);
        assertEquals((await client.until(event)).endsWith(event), true);
      }
    });
  }
});

test("an upload arrives piece by piece, each before the next is sent", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const server = await upstream.accept();
  await server.head();
  for (let i = 0; i < 10; i++) {
    await client.send(`1\r\n${i}\r\n`);
    assertEquals(await server.until("\r\n") + await server.until("\r\n"), `1\r\n${i}\r\n`);
  }
});

const HINT = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

test("the request of a client that leaves is cancelled", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  // A connection that is closed with bytes that were not read is reset.
  const resets = {
    "before the response": HINT,
    "in the middle of the response": "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
    "in the middle of events": `${CHUNKED}4\r\nhalf\r\n`,
  };
  for (const [when, answer] of Object.entries(resets)) {
    await t.step(`when it resets its connection ${when}`, async () => {
      const client = await balancer.connect();
      await client.send(get());
      const server = await upstream.accept();
      await server.head();
      await server.send(answer);
      await client.startsWith("HTTP/1.1");
      client.close();
      await server.rest();
    });
  }

  await t.step("when it closes its connection with half of its request sent", async () => {
    const client = await balancer.connect();
    await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
    const server = await upstream.accept();
    await server.until("half");
    client.close();
    await server.rest();
  });

  for (const type of ["text/event-stream", "text/plain"]) {
    await t.step(`when it closes its connection in the middle of ${type}: at a write`, async () => {
      const client = await balancer.connect();
      await client.send(get());
      const server = await upstream.accept();
      await server.head();
      await server.send(CHUNKED.replace("\r\n", `\r\nContent-Type: ${type}\r\n`));
      await client.until("\r\n\r\n");
      client.close();
      let ended = false;
      const end = server.rest().then(() => ended = true);
      while (!ended) {
        await server.send("4\r\nhalf\r\n").catch(() => {});
        await balancer.seen();
      }
      await end;
    });
  }

  await t.step("without evidence against the replica", async () => {
    const { ready, failures } = await balancer.balancer.status();
    assertEquals([ready, failures], [1, {}]);
  });
});

test("a client that has ended its side is served", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  const body = "x".repeat(100_000);
  const answers = {
    "in one piece": OK,
    "of 100,000 bytes": `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    "in chunks": `${CHUNKED}5\r\nhello\r\n0\r\n\r\n`,
    "that ends with its connection": "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
  };
  const upload = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`;
  for (const [what, answer] of Object.entries(answers)) {
    for (const [method, request] of [["GET", get()], ["POST", upload + body]] as const) {
      await t.step(`${method}, with a response ${what}`, async () => {
        using client = await balancer.connect();
        await client.send(request);
        await client.end();
        using server = await upstream.accept();
        await server.request();
        // It has been seen to end by now.
        await balancer.seen();
        await server.send(answer);
        if (answer.includes("close")) await server.end();
        const response = await client.response();
        assertEquals(statusOf(response), 200);
        assertEquals(
          response.body.length,
          answer.endsWith(body) ? body.length : /ok$/.test(answer) ? 2 : 5,
        );
        assertEquals(await client.rest(), { text: "", reset: false });
      });
    }
  }

  await t.step("with all requests that it sent ahead", async () => {
    using client = await balancer.connect();
    await client.send(get("/1") + get("/2") + get("/3"));
    await client.end();
    const server = await upstream.accept();
    for (const path of ["/1", "/2", "/3"]) {
      assertEquals((await server.request()).line, `GET ${path} HTTP/1.1`);
      await server.send(OK);
      assertEquals((await client.response()).body, "ok");
    }
    assertEquals(await client.rest(), { text: "", reset: false });
    server.close();
  });

  await t.step("with a stream of events, to its end", async () => {
    using client = await balancer.connect();
    await client.send(get());
    await client.end();
    const server = await upstream.accept();
    await server.request();
    await server.send(CHUNKED.replace("\r\n", "\r\nContent-Type: text/event-stream\r\n"));
    for (let i = 0; i < 5; i++) {
      await server.send(`7\r\ndata: ${i}\r\n`);
      await client.until(`data: ${i}\r\n`);
    }
    await server.send("0\r\n\r\n");
    assertEquals((await client.rest()).text, "0\r\n\r\n");
  });

  await t.step("half a request gets no response", async () => {
    using client = await balancer.connect();
    await client.send(get().slice(0, -2));
    await client.end();
    assertEquals((await client.rest()).text, "");
  });
});

test("a client that leaves at the end of its response disturbs no other client's request", async () => {
  await using upstream = new RawUpstream(async (_, connection) => {
    // In two pieces, so that the second is on its way when the client leaves.
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    return "ok";
  });
  await using balancer = await balancerFor([upstream], { LB_WORKERS: "1" });
  for (let turn = 0; turn < 200; turn++) {
    const leaving = await balancer.connect();
    await leaving.send(get("/"));
    await leaving.head();
    leaving.close();
    // It could not be repeated: on a connection that is of no use it would be answered 502.
    assertEquals(statusOf(await balancer.ask(POST)), 200);
  }
});

test("a client that goes away is noticed behind the requests that it sent ahead", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  const client = await balancer.connect();
  await client.send(get("/first") + get("/second"));
  const server = await upstream.accept();
  await server.head();
  await server.send(HINT);
  await client.startsWith("HTTP/1.1");
  client.close();
  await server.rest();
});

test("a response that breaks off is seen to break off", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  const answers = {
    "Content-Length: 100": "half",
    "Transfer-Encoding: chunked": "4\r\nhalf\r\n",
    "transfer-encoding: chunked": "8\r\nhalf",
  };
  for (const [framing, body] of Object.entries(answers)) {
    await t.step(`${framing} ${JSON.stringify(body)}`, async () => {
      using client = await balancer.connect();
      await client.send(get());
      const server = await upstream.accept();
      await server.request();
      await server.send(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n${body}`);
      await client.until("half");
      server.close();
      assertEquals((await client.rest()).text.trim(), "");
    });
  }
});

test("an answer that comes before the request is over reaches its client", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\nstart");
  using server = await upstream.accept();
  await server.until("start");
  await server.send("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig");
  server.close();
  assertEquals((await client.response()).body, "big");
  assertEquals((await client.rest()).text, "");
});
