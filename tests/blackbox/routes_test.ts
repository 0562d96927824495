/**
 * Rules of routes that a failing replica shows: hold and retries.
 */
import { assert, assertEquals } from "@std/assert";
import { Balancer, pidOf, signal } from "../harness/balancer.ts";
import { ConfigFile } from "../harness/config_file.ts";
import { balancerFor, get, OK, RawUpstream, statusOf } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

test("while a replica is being replaced, a route without hold is answered 503, others wait", async () => {
  await using file = await ConfigFile.of(`
services:
  shop:
    routes:
      - { path: /now, hold: fail }
`);
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_REPLICAS: "1",
    LB_CONFIG: file.path,
  });
  await signal(pidOf(await balancer.replica("Server1")), "KILL");
  await balancer.until(({ ready }) => ready === 0);
  const waiting = balancer.fetch("/home");
  const refused = await balancer.fetch("/now/or/never");
  assertEquals(refused.status, 503);
  await refused.body?.cancel();
  const answered = await waiting;
  assertEquals(answered.status, 200);
  await answered.body?.cancel();
});

test("a route without retries does not send a request again, others do", async () => {
  await using file = await ConfigFile.of(`
services:
  shop:
    routes:
      - { path: /once, retries: false }
`);
  // Each connection carries one request well; the second is broken off without an answer.
  await using upstream = new RawUpstream(({ line }, connection) => {
    const first = !served.has(connection);
    served.add(connection);
    return first || !line.includes("/second") ? OK : undefined;
  });
  const served = new WeakSet<object>();
  await using balancer = await balancerFor([upstream], { LB_CONFIG: file.path });
  const ask = async (path: string) => {
    using client = await balancer.connect();
    await client.send(get("/first"));
    assertEquals(statusOf(await client.response()), 200);
    await client.send(get(path));
    return statusOf(await client.response());
  };
  assertEquals(await ask("/again/second"), 200);
  assertEquals(await ask("/once/second"), 502);
  assert(upstream.requests.length >= 5, upstream.requests.join());
});
