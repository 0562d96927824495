import { assertEquals, assertMatch } from "@std/assert";
import {
  balancerFor,
  field,
  get,
  OK,
  RawConnection,
  RawUpstream,
  statusOf,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

test("clients that were turned away do not count against their address", async () => {
  await using upstream = new RawUpstream();
  await using balancer = await balancerFor([upstream], { LB_MAX_CONNECTIONS_PER_CLIENT: "2" });
  // The test's own calls have ended their connections.
  await balancer.seen();
  using first = await balancer.connect();
  await first.send(get("/rep"));
  assertEquals(statusOf(await first.response()), 200);
  using second = await balancer.connect();
  const turnedAway: RawConnection[] = [];
  try {
    for (let i = 0; i < 10; i++) {
      const client = await balancer.connect();
      turnedAway.push(client);
      assertEquals(statusOf(await client.response()), 503);
    }
    await second.send(get("/rep", "Connection: close"));
    assertEquals(statusOf(await second.response()), 200);
    await second.rest();
    assertEquals(statusOf(await balancer.ask(get("/rep"))), 200);
  } finally {
    for (const client of turnedAway) client.close();
  }
});

test("calls above the API's limit get 503 with Retry-After, and the others go on", async () => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await balancerFor([upstream], {
    LB_PUBLIC_API: "all",
    LB_MAX_API_CONNECTIONS: "2",
  });
  using client = await balancer.connect();
  const streams = [await balancer.connect(), await balancer.connect()];
  try {
    for (const stream of streams) {
      await stream.send(`GET /_lb/events HTTP/1.1\r\nHost: 127.0.0.1:${balancer.port}\r\n\r\n`);
      assertEquals(statusOf(await stream.headOnly()), 200);
    }
    await client.send(get("/rep"));
    const refusal = await client.response();
    assertEquals([statusOf(refusal), field(refusal, "retry-after")], [503, "1"]);
    assertMatch(refusal.body, /LB_MAX_API_CONNECTIONS/);
    await client.send(get("/home"));
    assertEquals(statusOf(await client.response()), 200);
  } finally {
    for (const stream of streams) stream.close();
  }
});
