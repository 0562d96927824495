import { assert, assertEquals } from "@std/assert";
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

const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";

/** Has one request answered on a connection that is known. */
async function answerOn(server: RawConnection, client: RawConnection, request = get()) {
  await client.send(request);
  await server.request();
  await server.send(OK);
  assertEquals((await client.response()).body, "ok");
}

/** Puts `count` idle connections into the pool, the last used one at the end. */
async function pooled(balancer: RawBalancer, upstream: RawUpstream, count: number) {
  const clients: RawConnection[] = [];
  const servers: RawConnection[] = [];
  for (let i = 0; i < count; i++) {
    const client = await balancer.connect();
    await client.send(get());
    servers.push(await upstream.accept());
    clients.push(client);
  }
  for (const [i, server] of servers.entries()) {
    await server.request();
    await server.send(OK);
    await clients[i]?.response();
  }
  return { clients, servers };
}

test("connections to an upstream are used again, the newest first", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  const { clients, servers } = await pooled(balancer, upstream, 3);
  using client = await balancer.connect();
  for (let i = 0; i < 3; i++) await answerOn(servers[2]!, client);
  await answerOn(servers[2]!, client, POST);
  assertEquals(upstream.connections.length, 3);
  // While the newest is busy, the next newest is used.
  await client.send(get("/busy"));
  await servers[2]?.request();
  await answerOn(servers[1]!, clients[0]!);
  await servers[2]?.send(OK);
  await client.response();
  assertEquals(upstream.connections.length, 3);
  for (const one of clients) one.close();
});

test("many requests of many clients need no more connections than run at once", async () => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream]);
  const run = async () => {
    using client = await balancer.connect();
    for (let i = 0; i < 50; i++) {
      await client.send(get());
      await client.response();
    }
  };
  await Promise.all(Array.from({ length: 10 }, run));
  assertEquals(upstream.requests.length, 500);
  assert(upstream.connections.length <= 10, `${upstream.connections.length} connections`);
});

test("an idle connection is closed before its server would close it", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream], { LB_UPSTREAM_IDLE_MS: "300" });
  using client = await balancer.connect();
  await client.send(get());
  const server = await upstream.accept();
  await server.request();
  const start = performance.now();
  await server.send(OK);
  await client.response();
  assertEquals((await server.rest()).text, "");
  const took = performance.now() - start;
  assert(took >= 250 && took <= 15_000, `${took} ms`);
});

test("a connection that asks to be closed is closed", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  using client = await balancer.connect();
  for (let i = 0; i < 2; i++) {
    await client.send(get());
    const server = await upstream.accept();
    await server.request();
    await server.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    assertEquals((await client.response()).body, "ok");
    assertEquals((await server.rest()).text, "");
  }
});

test("a used connection that dies before it answers is no evidence", async (t) => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  const wellAndReady = async () => {
    const { ready, failures } = await balancer.balancer.status();
    assertEquals([ready, failures], [1, {}]);
  };

  for (const method of ["GET", "HEAD", "DELETE", "PUT"]) {
    await t.step(`${method} goes out again on a new connection`, async () => {
      using client = await balancer.connect();
      const request = `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi`;
      await client.send(request);
      using first = await upstream.accept();
      await first.request();
      await first.send(OK.replace(/ok$/, method === "HEAD" ? "" : "ok"));
      await client.response(method);
      await client.send(request);
      await first.request();
      first.close();
      using second = await upstream.accept();
      assertEquals((await second.request()).body, "hi");
      await second.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
      assertEquals(statusOf(await client.response(method)), 204);
      await wellAndReady();
    });
  }

  await t.step("POST is not sent twice", async () => {
    using client = await balancer.connect();
    await client.send(POST);
    using first = await upstream.accept();
    await first.request();
    await first.send(OK);
    await client.response();
    const before = upstream.connections.length;
    await client.send(POST);
    await first.request();
    first.close();
    assertEquals(statusOf(await client.response()), 502);
    assertEquals(upstream.connections.length, before);
    await wellAndReady();
  });
});

test("idle connections that all died are not tried one after the other", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream]);
  const { clients, servers } = await pooled(balancer, upstream, 5);
  for (const server of servers) server.close();
  await clients[0]?.send(POST);
  using fresh = await upstream.accept();
  await fresh.request();
  await fresh.send(OK);
  assertEquals((await clients[0]?.response())?.body, "ok");
  for (const client of clients) client.close();
});
