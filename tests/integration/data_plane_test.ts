import { assert, assertEquals } from "@std/assert";
import type { Ring } from "../../ring/mod.ts";
import { DataPlaneHarness, getOf, idOf, named, NONE } from "./harness/data_plane.ts";
import { Exchange } from "./harness/exchange.ts";
import { field, get, OK, RawUpstream, statusOf } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const EVENTS = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n" +
  "Transfer-Encoding: chunked\r\n\r\n6\r\ndata:\n\r\n";
const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n";
const UPGRADE = ["Connection: upgrade", "Upgrade: chat"];

test("a key in quarantine is refused before anything is sent, with the reason", async () => {
  await using one = named("one");
  await using bench = await DataPlaneHarness.open();
  await bench.publish({ ready: { Server1: one }, quarantined: [idOf("Server1")] });
  const refused = await bench.ask(getOf("Server1"));
  assertEquals([statusOf(refused), field(refused, "retry-after")], [503, "1"]);
  assertEquals(
    JSON.parse(refused.body).message,
    "<Error> this key is quarantined: replicas died of requests with it; see GET /_lb/status",
  );
  assertEquals(one.requests, []);
  const other = get("/", `X-Request-Id: ${idOf("Server1", 1)}`);
  assertEquals((await bench.ask(other)).body, "one");
  await bench.publish({ ready: { Server1: one } });
  assertEquals((await bench.ask(getOf("Server1"))).body, "one");
});

test("a held request whose key is put into quarantine is refused, too", async () => {
  await using one = named("one");
  await using bench = await DataPlaneHarness.open();
  await bench.publish(NONE);
  using client = await bench.holding(getOf("Server1"));
  await bench.publish({ ready: { Server1: one }, quarantined: [idOf("Server1")] });
  assertEquals(statusOf(await client.response()), 503);
  assertEquals(one.requests, []);
});

test("a view is reported in force once, when all workers route by it", async () => {
  await using one = named("one");
  await using bench = await DataPlaneHarness.open({ workers: 3 });
  for (let i = 0; i < 5; i++) await bench.publish({ ready: { Server1: one } });
  assertEquals(bench.applied, [1, 2, 3, 4, 5]);
});

test("an instance that drains: event streams and tunnels are closed at their own deadline", async (t) => {
  const cases = [["an event stream", [], EVENTS], ["a tunnel", UPGRADE, SWITCHED]] as const;
  for (const [what, fields, answer] of cases) {
    await t.step(what, async () => {
      await using server = new RawUpstream();
      await using bench = await DataPlaneHarness.open();
      await bench.publish({ ready: { Server1: server } });
      using client = await bench.connect();
      await client.send(getOf("Server1", "/", ...fields));
      const serving = await server.accept();
      await serving.request();
      await serving.send(answer);
      await client.head();
      await bench.publish(NONE);
      const instance = bench.instanceOf("Server1", server);
      // The deadline of requests does not matter for it.
      assertEquals(await bench.idle(instance, { requestsMs: 60_000, streamsMs: 1 }), true);
      await serving.rest();
      await client.rest();
      assertEquals(bench.evidence, []);
    });
  }
});

test("an instance that drains: a long download is a request, and is not closed", async () => {
  await using exchange = await Exchange.begin();
  const { server, bench, client, serving } = exchange;
  await serving.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
  await client.until("half\r\n");
  const instance = bench.instanceOf("Server1", server);
  assertEquals(await bench.idle(instance, { requestsMs: 1, streamsMs: 1 }), false);
  const idle = bench.idle(instance);
  await serving.send("0\r\n\r\n");
  assertEquals(await client.until("0\r\n\r\n"), "0\r\n\r\n");
  assertEquals(await idle, true);
});

test("a worker that ends closes event streams and tunnels at their own deadline", async () => {
  await using exchange = await Exchange.begin();
  const { server, bench, client, serving } = exchange;
  await serving.send(EVENTS);
  await client.head();
  using asking = await bench.connect();
  await asking.send(getOf("Server1"));
  const answering = await server.accept();
  await answering.request();
  const ended = bench.workers.end({ requestsMs: 60_000, streamsMs: 1 });
  await client.rest();
  // The request that has an end still has its time.
  await answering.send(OK);
  assertEquals((await asking.response()).body, "ok");
  await ended;
});

test("a worker that ends cuts requests off at their deadline while streams have time", async () => {
  await using exchange = await Exchange.begin();
  const { server, bench, client, serving } = exchange;
  await serving.send(EVENTS);
  await client.until("data:\n\r\n");
  using asking = await bench.connect();
  await asking.send(getOf("Server1"));
  await (await server.accept()).request();
  const ended = bench.workers.end({ requestsMs: 1, streamsMs: 60_000 });
  assertEquals((await asking.rest()).text, "");
  await serving.send("6\r\ndata:\n\r\n0\r\n\r\n");
  assertEquals((await client.rest()).text, "6\r\ndata:\n\r\n0\r\n\r\n");
  await ended;
});

test("a replica that keeps a request waiting is evidence once, and the request goes on", async () => {
  await using exchange = await Exchange.begin({ suspectMs: 1 });
  const { server, bench, client, serving } = exchange;
  await bench.until("evidence", () => bench.evidence.length > 0);
  // A second wait is reported after the pause of the first, which was not reported again.
  using second = await bench.connect();
  await second.send(get("/", `X-Request-Id: ${idOf("Server1", 1)}`));
  const other = await server.accept();
  await bench.until("evidence of the other", () => bench.evidence.length > 1);
  const instance = bench.instanceOf("Server1", server);
  const slow = { name: "Server1", instance, kind: "slow" as const, fresh: true };
  assertEquals(bench.evidence, [
    { ...slow, key: idOf("Server1") },
    { ...slow, key: idOf("Server1", 1) },
  ]);
  await serving.send(OK);
  assertEquals((await client.response()).body, "ok");
  await other.request();
  await other.send(OK);
  assertEquals((await second.response()).body, "ok");
});

test("the control API, unused connections and responses that have begun are never slow", async () => {
  await using server = new RawUpstream();
  await using watched = new RawUpstream();
  await using bench = await DataPlaneHarness.open({ suspectMs: 1 });
  await bench.publish({ ready: { Server1: server, Server2: watched } });
  using streaming = await bench.connect();
  await streaming.send(getOf("Server1"));
  const serving = await server.accept();
  await serving.request();
  await serving.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
  await streaming.until("a\r\n");
  const before = bench.evidence.length;
  using slow = await bench.connect();
  await slow.send(getOf("Server2"));
  await bench.until("evidence", () => bench.evidence.some(({ name }) => name === "Server2"));
  assertEquals(bench.evidence.slice(before).map(({ name }) => name), ["Server2"]);
});

test("a response that breaks off is evidence with its key, and does not count against the replica", async () => {
  await using exchange = await Exchange.begin();
  const { server, bench, client, serving } = exchange;
  await serving.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  await client.until("half");
  serving.close();
  await client.rest();
  await bench.until("evidence", () => bench.evidence.length > 0);
  const instance = bench.instanceOf("Server1", server);
  assertEquals(bench.evidence, [
    { name: "Server1", instance, kind: "reset", fresh: false, key: idOf("Server1") },
  ]);
  await bench.until("its costs", () => bench.costsOf("Server1").broken === 1);
  assertEquals(bench.costsOf("Server1").lost, 0);
});

test("a client that leaves in the middle of a response is no evidence", async () => {
  await using server = new RawUpstream();
  await using bench = await DataPlaneHarness.open();
  await bench.publish({ ready: { Server1: server } });
  const client = await bench.connect();
  await client.send(getOf("Server1"));
  const serving = await server.accept();
  await serving.request();
  await serving.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  await client.until("half");
  client.close();
  // Bytes that the client cannot take show that it has left.
  await serving.send("way");
  await serving.rest();
  await bench.seen();
  assertEquals(bench.evidence, []);
});

test("a used connection that breaks is evidence that is not fresh, and the request is sent again", async () => {
  await using exchange = await Exchange.begin();
  const { server, bench, client, serving: used } = exchange;
  await used.send(OK);
  await client.response();
  await client.send(getOf("Server1"));
  await used.request();
  used.close();
  const next = await server.accept();
  await next.request();
  await next.send(OK);
  assertEquals((await client.response()).body, "ok");
  const instance = bench.instanceOf("Server1", server);
  assertEquals(bench.evidence, [
    { name: "Server1", instance, kind: "reset", fresh: false, key: idOf("Server1") },
  ]);
  assertEquals(bench.costs, []);
});

test("evidence is bounded, and dropped evidence is counted", async () => {
  const dead = new RawUpstream();
  await dead[Symbol.asyncDispose]();
  await using bench = await DataPlaneHarness.open({ hold: { policy: "spill" } });
  await bench.publish({ ready: { Server1: dead } });
  using client = await bench.connect();
  while (bench.failures.length === 0) {
    await client.send(getOf("Server1").repeat(50));
    for (let i = 0; i < 50; i++) assertEquals(statusOf(await client.response()), 502);
  }
  assert(/^proxy\.evidence: \d+ more, not passed on$/.test(bench.failures[0]!), bench.failures[0]);
  assert(bench.evidence.length >= 256);
});

test("a worker that crashes loses its connections, and another worker replaces it", async () => {
  await using one = named("one");
  await using bench = await DataPlaneHarness.open();
  await bench.publish({ ready: { Server1: one } });
  using client = await bench.connect();
  await client.send(getOf("Server1"));
  assertEquals((await client.response()).body, "one");
  // No ring can be built of this one; that a view cannot be used is the worker's end.
  const broken = {
    options: { members: [{ name: "a" }, { name: "a" }] },
    table: new Uint16Array(1),
  } as unknown as Ring;
  const good = bench.view({ ready: { Server1: one } }, 2);
  bench.workers.publish({ ...good, ring: broken });
  await client.rest();
  await bench.until("the crash", () => bench.failures.length > 0);
  assert(bench.failures[0]!.startsWith("proxy.worker: "), bench.failures[0]);
  bench.workers.publish({ ...good, version: 3 });
  await bench.until("the next one", () => bench.applied.includes(3));
  assertEquals((await bench.ask(getOf("Server1"))).body, "one");
});

test("connections lost with a crashed worker are no longer counted", async () => {
  await using one = named("one");
  await using bench = await DataPlaneHarness.open({
    limits: { connections: 2, connectionsPerAddress: 2 },
  });
  await bench.publish({ ready: { Server1: one } });
  const clients = [await bench.connect(), await bench.connect()];
  for (const client of clients) {
    await client.send(getOf("Server1"));
    assertEquals((await client.response()).body, "one");
  }
  assertEquals(statusOf(await bench.ask(getOf("Server1"))), 503);
  const broken = {
    options: { members: [{ name: "a" }, { name: "a" }] },
    table: new Uint16Array(1),
  } as unknown as Ring;
  const good = bench.view({ ready: { Server1: one } }, 2);
  bench.workers.publish({ ...good, ring: broken });
  for (const client of clients) await client.rest();
  await bench.until("the crash", () => bench.failures.length > 0);
  bench.workers.publish({ ...good, version: 3 });
  await bench.until("the next one", () => bench.applied.includes(3));
  assertEquals((await bench.ask(getOf("Server1"))).body, "one");
});
