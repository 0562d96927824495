import { assert, assertEquals } from "@std/assert";
import { FIRST_BYTES, SMALL_BYTES } from "../../balancer/proxy/transport/buffers.ts";
import { DataPlaneHarness, getOf, idOf, named, nextOf, NONE } from "./harness/data_plane.ts";
import { field, get, OK, RawUpstream, statusOf } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const AWAITED = { awaited: ["Server1"] };

/** An upstream whose port has no listener any more. */
async function gone(): Promise<RawUpstream> {
  const server = new RawUpstream();
  await server[Symbol.asyncDispose]();
  return server;
}

test("a request waits for its owner and goes to the replacement; other keys see nothing", async () => {
  await using one = named("one");
  await using two = named("two");
  await using bench = await DataPlaneHarness.open();
  await bench.publish({ ready: { Server2: two }, ...AWAITED });
  using first = await bench.holding(getOf("Server1"));
  using second = await bench.holding(getOf("Server1"));
  assertEquals((await bench.ask(getOf("Server2"))).body, "two");
  // A view that changes nothing for them leaves them waiting.
  await bench.publish({ ready: { Server2: two }, awaited: ["Server1", "Server3"] });
  await bench.seen();
  assertEquals([first.unread, second.unread], ["", ""]);
  await bench.publish({ ready: { Server1: one, Server2: two } });
  assertEquals([(await first.response()).body, (await second.response()).body], ["one", "one"]);
  assertEquals(two.requests.length, 1);
  await bench.until("its costs", () => bench.costsOf("Server1").held === 2);
  const { longestHoldMs, ...counts } = bench.costsOf("Server1");
  assertEquals(counts, { name: "Server1", held: 2, retried: 0, spilled: 0, lost: 0, broken: 0 });
  assert(longestHoldMs > 0);
  assertEquals(bench.costsOf("Server2").held, 0);
});

test("a request whose client may be gone gives its place up to another", async (t) => {
  await using one = named("one");
  await using bench = await DataPlaneHarness.open({ hold: { requests: 1 } });
  await bench.publish({ ready: { Server2: await gone() }, ...AWAITED });

  await t.step("one with half of its request sent has left for sure", async () => {
    const half = `POST / HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${idOf("Server1")}\r\n` +
      "Content-Length: 10\r\n\r\n12";
    const leaving = await bench.holding(half);
    assertEquals(statusOf(await bench.ask(getOf("Server1"))), 503);
    leaving.close();
    const halfClosing = await bench.holding(half);
    await halfClosing.end();
    assertEquals((await halfClosing.rest()).text, "");
    halfClosing.close();
  });

  await t.step("one that has ended its side gets 503 with Retry-After", async () => {
    using halfClosing = await bench.holding(getOf("Server1"));
    assertEquals(statusOf(await bench.ask(getOf("Server1"))), 503);
    await halfClosing.end();
    await bench.seen();
    const leaving = await bench.holding(getOf("Server1"));
    assertEquals(statusOf(await halfClosing.response()), 503);
    assertEquals((await halfClosing.rest()).text, "");
    leaving.close();
  });

  using staying = await bench.holding(getOf("Server1"));
  await bench.publish({ ready: { Server1: one } });
  assertEquals((await staying.response()).body, "one");
  assertEquals(one.requests.length, 1);
});

test("a client that has ended its side is answered when its replica is back", async () => {
  await using one = named("one");
  await using bench = await DataPlaneHarness.open();
  await bench.publish(NONE);
  using client = await bench.holding(getOf("Server1"));
  await client.end();
  await bench.seen();
  await bench.publish({ ready: { Server1: one } });
  assertEquals((await client.response()).body, "one");
  assertEquals(await client.rest(), { text: "", reset: false });
});

test("bodies that are still coming survive the wait", async (t) => {
  await using bench = await DataPlaneHarness.open();
  const head = (framing: string) =>
    `POST / HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${idOf("Server1")}\r\n${framing}\r\n\r\n`;
  const long = "x".repeat(300_000);
  const cases = [
    ["with a length", head("Content-Length: 10"), "12345", "67890", "1234567890"],
    [
      "in chunks",
      head("Transfer-Encoding: chunked"),
      "5\r\n12345\r\n",
      "5\r\n67890\r\n0\r\n\r\n",
      "1234567890",
    ],
    ["not begun yet", head("Content-Length: 10"), "", "1234567890", "1234567890"],
    ["that is long", head(`Content-Length: ${long.length}`), "", long, long],
    ["that came with its head", head("Content-Length: 5"), "12345", "", "12345"],
  ] as const;
  for (const [what, request, first, rest, whole] of cases) {
    await t.step(`a body ${what}`, async () => {
      await bench.publish({ ready: {}, ...AWAITED });
      await using one = new RawUpstream(({ body }) => body === whole ? OK : undefined);
      using client = await bench.holding(request + first);
      const sent = client.send(rest);
      await bench.seen();
      await bench.publish({ ready: { Server1: one } });
      assertEquals(statusOf(await client.response()), 200);
      await sent;
      // The connection stays usable.
      await client.send(request + first + rest);
      assertEquals(statusOf(await client.response()), 200);
    });
  }
  await t.step("a body that is announced", async () => {
    await bench.publish({ ready: {}, ...AWAITED });
    await using one = new RawUpstream();
    using client = await bench.holding(head("Content-Length: 5\r\nExpect: 100-continue"));
    await bench.publish({ ready: { Server1: one } });
    const server = await one.accept();
    await server.head();
    await server.send("HTTP/1.1 100 Continue\r\n\r\n");
    assertEquals(statusOf(await client.response()), 100);
    await client.send("12345");
    assertEquals(await server.exactly(5), "12345");
    await server.send(OK);
    assertEquals((await client.response()).body, "ok");
  });
});

test("requests that were sent behind one that waits are answered after it", async () => {
  await using one = named("one");
  await using bench = await DataPlaneHarness.open();
  await bench.publish(NONE);
  using client = await bench.holding(getOf("Server1", "/a") + getOf("Server1", "/b"));
  await bench.publish({ ready: { Server1: one } });
  assertEquals((await client.response()).body, "one");
  assertEquals((await client.response()).body, "one");
  assertEquals(one.requests, ["GET /a HTTP/1.1", "GET /b HTTP/1.1"]);
});

/** Memory of two small requests that wait: each keeps its own buffer and that of its connection. */
const BYTES_OF_TWO = 2 * (SMALL_BYTES + FIRST_BYTES);

test("requests above the limit of waiting ones get 503 with Retry-After", async (t) => {
  for (const hold of [{ requests: 2 }, { bytes: BYTES_OF_TWO }]) {
    await t.step(Object.keys(hold).join(), async () => {
      await using one = named("one");
      await using bench = await DataPlaneHarness.open({ hold });
      await bench.publish({ ready: { Server2: await gone() }, ...AWAITED });
      using first = await bench.holding(getOf("Server1"));
      using second = await bench.holding(getOf("Server1"));
      const refused = await bench.ask(getOf("Server1"));
      assertEquals([statusOf(refused), field(refused, "retry-after")], [503, "1"]);
      await bench.publish({ ready: { Server1: one } });
      assertEquals((await first.response()).body, "one");
      assertEquals((await second.response()).body, "one");
      await bench.until("its costs", () => bench.costsOf("Server1").lost === 1);
    });
  }
});

test("a request that waited LB_HOLD_MS goes to the next ready replica, or gets 503", async () => {
  await using other = named("other");
  await using bench = await DataPlaneHarness.open({ hold: { ms: 1 } });
  await bench.publish({ ready: { [nextOf(idOf("Server1"))]: other }, ...AWAITED });
  assertEquals((await bench.ask(getOf("Server1"))).body, "other");
  await bench.publish({ ...NONE, ...AWAITED });
  const refused = await bench.ask(getOf("Server1"));
  assertEquals([statusOf(refused), field(refused, "retry-after")], [503, "1"]);
  await bench.until("its costs", () => bench.costsOf("Server1").lost === 1);
  assertEquals([bench.costsOf("Server1").held, bench.costsOf("Server1").spilled], [2, 1]);
});

test("a wait is over when the owner is awaited no longer", async () => {
  await using other = named("other");
  await using bench = await DataPlaneHarness.open();
  await bench.publish({ ready: { Server2: other }, ...AWAITED });
  using client = await bench.holding(getOf("Server1"));
  await bench.publish({ ready: { Server2: other } });
  assertEquals((await client.response()).body, "other");
  assertEquals((await bench.ask(getOf("Server1"))).body, "other");
});

test("no request waits with a setting other than hold", async () => {
  await using other = named("other");
  {
    await using bench = await DataPlaneHarness.open({ hold: { policy: "spill" } });
    await bench.publish({ ready: { Server2: other }, ...AWAITED });
    assertEquals((await bench.ask(getOf("Server1"))).body, "other");
    await bench.publish(NONE);
    assertEquals(statusOf(await bench.ask(getOf("Server1"))), 503);
  }
  await using bench = await DataPlaneHarness.open({ hold: { policy: "fail" } });
  await bench.publish({ ready: { Server2: other }, ...AWAITED });
  const refused = await bench.ask(getOf("Server1"));
  assertEquals([statusOf(refused), field(refused, "retry-after")], [503, "1"]);
  assertEquals((await bench.ask(getOf("Server2"))).body, "other");
  assertEquals((await bench.ask(getOf("Server3"))).body, "other");
});

test("without a ready replica all requests wait for the first one that is back", async () => {
  await using two = named("two");
  await using bench = await DataPlaneHarness.open();
  // Before the first view, too.
  using early = await bench.holding(getOf("Server2"));
  await bench.publish({ ...NONE, ...AWAITED });
  using awaiting = await bench.holding(getOf("Server1"));
  using forgotten = await bench.holding(getOf("Server3"));
  await bench.publish({ ready: { Server2: two }, ...AWAITED });
  for (const client of [early, awaiting, forgotten]) {
    assertEquals((await client.response()).body, "two");
  }
  // Later requests wait for their owner again.
  await using one = named("one");
  using late = await bench.holding(getOf("Server1"));
  await bench.publish({ ready: { Server1: one, Server2: two } });
  assertEquals((await late.response()).body, "one");
});

test("a request whose connection was refused waits for the next view", async () => {
  const dead = await gone();
  await using one = named("one");
  await using two = named("two");
  await using bench = await DataPlaneHarness.open();
  await bench.publish({ ready: { Server1: dead, Server2: two, Server3: two } });
  for (const method of ["GET", "POST"]) {
    using client = await bench.connect();
    await client.send(getOf("Server1").replace("GET", method));
    await bench.until("evidence", () => bench.evidence.length > 0);
    assertEquals(bench.evidence.splice(0), [{
      name: "Server1",
      instance: bench.instanceOf("Server1", dead),
      kind: "refused",
      fresh: true,
      unreachable: true,
      key: idOf("Server1"),
    }]);
    await bench.publish({ ready: { Server2: two, Server3: two }, ...AWAITED });
    await bench.seen();
    await bench.publish({ ready: { Server1: one, Server2: two, Server3: two } });
    assertEquals((await client.response()).body, "one");
    await bench.publish({ ready: { Server1: dead, Server2: two, Server3: two } });
  }
  assertEquals(two.requests, []);
});

test("one that was reset, and its owner is still ready, goes on to the next name", async () => {
  await using breaking = new RawUpstream(() => undefined);
  await using two = named("two");
  await using bench = await DataPlaneHarness.open({ hold: { graceMs: 1 } });
  await bench.publish({ ready: { Server1: breaking, Server2: two, Server3: two } });
  assertEquals((await bench.ask(getOf("Server1"))).body, "two");
  assertEquals(breaking.requests.length, 1);
  await bench.until("its costs", () => bench.costsOf("Server1").spilled === 1);
  assertEquals([bench.costsOf("Server1").retried, bench.costsOf("Server1").held], [1, 0]);
});

test("without replacements the next name is asked at once", async () => {
  const dead = await gone();
  await using two = named("two");
  // No report of it ever arrives, so there is none to wait for.
  await using bench = await DataPlaneHarness.open({ hold: { replaces: false } });
  await bench.publish({ ready: { Server1: dead, Server2: two, Server3: two } });
  assertEquals((await bench.ask(getOf("Server1"))).body, "two");
});

test("a request that three instances failed with is not sent to a fourth", async () => {
  const breaking = () => new RawUpstream(() => undefined);
  await using one = breaking();
  await using two = breaking();
  await using three = breaking();
  await using four = breaking();
  await using bench = await DataPlaneHarness.open({ hold: { graceMs: 1 } });
  await bench.publish({ ready: { Server1: one, Server2: two, Server3: three, Server4: four } });
  const response = await bench.ask(getOf("Server1"));
  assertEquals(statusOf(response), 502);
  const seen = [one, two, three, four].reduce((sum, { requests }) => sum + requests.length, 0);
  assertEquals(seen, 3);
  await bench.until("its costs", () => bench.costsOf("Server1").lost === 1);
});

test("the second replacement that failed with it is the last one it is sent to", async () => {
  await using first = new RawUpstream(() => undefined);
  await using second = new RawUpstream(() => undefined);
  await using third = new RawUpstream(() => undefined);
  await using fourth = named("fourth");
  await using two = named("two");
  await using bench = await DataPlaneHarness.open();
  await bench.publish({ ready: { Server1: first, Server2: two } });
  using client = await bench.connect();
  await client.send(getOf("Server1"));
  for (const [failures, next] of [second, third, fourth].entries()) {
    await bench.until("evidence", () => bench.evidence.length === failures + 1);
    await bench.publish({ ready: { Server2: two }, ...AWAITED });
    await bench.publish({ ready: { Server1: next, Server2: two } });
  }
  assertEquals(statusOf(await client.response()), 502);
  assertEquals([fourth.requests, two.requests], [[], []]);
});

test("a request that may have been seen and must not be repeated is never sent again", async () => {
  await using first = new RawUpstream(() => undefined);
  await using second = named("second");
  await using bench = await DataPlaneHarness.open();
  await bench.publish({ ready: { Server1: first } });
  using client = await bench.connect();
  await client.send(getOf("Server1").replace("GET", "POST"));
  assertEquals(statusOf(await client.response()), 502);
  await bench.publish({ ready: { Server1: second } });
  await bench.seen();
  assertEquals(second.requests, []);
});

test("a request that waits when the worker ends goes on waiting, within the drain's time", async () => {
  await using one = named("one");
  await using bench = await DataPlaneHarness.open();
  await bench.publish({ ...NONE, ...AWAITED });
  using client = await bench.holding(getOf("Server1"));
  const ended = bench.workers.end({ requestsMs: 60_000, streamsMs: 60_000 });
  bench.workers.publish(bench.view({ ready: { Server1: one } }, 99));
  const response = await client.response();
  assertEquals([response.body, field(response, "connection")], ["one", "close"]);
  await ended;
  assertEquals(bench.costsOf("Server1").held, 1);
});

test("a request that waits longer than the drain is cut off", async () => {
  await using bench = await DataPlaneHarness.open();
  await bench.publish({ ...NONE, ...AWAITED });
  using client = await bench.holding(getOf("Server1"));
  await bench.workers.end({ requestsMs: 1, streamsMs: 1 });
  assertEquals((await client.rest()).text, "");
});

test("every request is answered once, for any sequence of views", async () => {
  const names = ["Server1", "Server2", "Server3"];
  const servers = names.map(named);
  const ready = Object.fromEntries(names.map((name, i) => [name, servers[i]!]));
  const without = (...away: string[]) =>
    Object.fromEntries(Object.entries(ready).filter(([name]) => !away.includes(name)));
  await using bench = await DataPlaneHarness.open({ hold: { requests: 1000 } });
  const asked = Array.from({ length: 30 }, async (_, client) => {
    using connection = await bench.connect();
    for (let i = 0; i < 20; i++) {
      const id = String(client * 20 + i);
      await connection.send(get("/", `X-Request-Id: ${id}`));
      const response = await connection.response();
      assertEquals([statusOf(response), field(response, "x-request-id")], [200, id]);
    }
  });
  for (let i = 0; i < 20; i++) {
    const [name = ""] = names.slice(i % 3);
    await bench.publish({ ready: without(name), awaited: [name] });
    await bench.publish({ ready: without(...names), awaited: names });
    await bench.publish({ ready: without(name, "Server1"), awaited: ["Server1"] });
    await bench.publish({ ready: without("Server2"), awaited: ["Server2"] });
  }
  await bench.publish({ ready });
  await Promise.all(asked);
  assertEquals(servers.reduce((sum, { requests }) => sum + requests.length, 0), 600);
  for (const server of servers) await server[Symbol.asyncDispose]();
});
