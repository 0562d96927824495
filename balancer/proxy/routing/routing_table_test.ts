import { assertEquals, assertStrictEquals } from "@std/assert";
import { Ring } from "../../../ring/mod.ts";
import type { Upstream, View } from "../../view.ts";
import { BufferPool } from "../transport/buffers.ts";
import { Deadlines } from "../transport/deadlines.ts";
import { InFlight } from "../upstream/in_flight.ts";
import { UNBOUNDED } from "../upstream/bounded_load.ts";
import { RoutingTable } from "./routing_table.ts";
import { InstancePool } from "../upstream/connection_pool.ts";

const NAMES = ["Server1", "Server2", "Server3"];
const RING = Ring.build({ members: NAMES });

function upstream(name: string, instance = `${name}#0`): Upstream {
  return { name, instance, address: { hostname: "127.0.0.1", port: 9 } };
}

function view(...ready: Upstream[]): View {
  return {
    version: 1,
    ring: RING,
    ready: new Map(ready.map((one) => [one.name, one])),
    awaited: new Set(),
    epoch: 0,
    quarantined: new Set(),
  };
}

/** A routing table whose pools record their retirement. */
function bench() {
  const deadlines = new Deadlines();
  const opened: string[] = [];
  const retired: string[] = [];
  const inFlight = new InFlight();
  const limits = { maxIdle: 1, idleMs: 1, connectMs: 1 };
  const routes = new RoutingTable({
    open: (one) => {
      opened.push(one.instance);
      const gauge = inFlight.gauge(one.instance);
      return new InstancePool(one, gauge, limits, new BufferPool(), deadlines);
    },
    retire: (pool) => void retired.push(pool.upstream.instance),
  });
  return { routes, opened, retired, [Symbol.dispose]: () => deadlines.close() };
}

/** Returns a key of that owner. */
function keyOf(owner: string): string {
  for (let i = 0;; i++) if (RING.ownerOfKey(`key ${i}`) === owner) return `key ${i}`;
}

Deno.test("there is no route before the first view", () => {
  using one = bench();
  assertEquals(one.routes.current, undefined);
  assertEquals(one.routes.ownerOf("key"), undefined);
});

Deno.test("a key leads to its owner while the owner is ready", () => {
  using one = bench();
  one.routes.publish(view(...NAMES.map((name) => upstream(name))));
  for (const name of NAMES) {
    assertEquals(one.routes.current?.owner(keyOf(name))?.upstream.name, name);
  }
  const [missing = "", ...left] = NAMES;
  one.routes.publish(view(...left.map((name) => upstream(name))));
  assertEquals(one.routes.current?.owner(keyOf(missing)), undefined);
  assertEquals(one.routes.ownerOf(keyOf(missing)), missing);
  assertEquals(one.routes.current?.owner(keyOf(left[0]!))?.upstream.name, left[0]);
});

Deno.test("a whole number is the key of its id", () => {
  using one = bench();
  one.routes.publish(view(...NAMES.map((name) => upstream(name))));
  assertEquals(one.routes.current?.owner("17")?.upstream.name, RING.ownerOfId(17));
});

Deno.test("a quarantined key has no route, its neighbours keep theirs", () => {
  using one = bench();
  const all = view(...NAMES.map((name) => upstream(name)));
  one.routes.publish({ ...all, quarantined: new Set(["bad"]) });
  assertEquals(one.routes.current?.owner("bad"), undefined);
  assertEquals(one.routes.current?.owner("good")?.upstream.name, RING.ownerOfKey("good"));
});

Deno.test("a kept pool is updated from the new view", () => {
  using one = bench();
  const [ready, ...others] = NAMES.map((name) => upstream(name));
  one.routes.publish(view({ ...ready!, ramp: 0.1 }, ...others));
  const pool = one.routes.current?.pool("Server1");
  assertEquals([pool?.upstream.ramp, pool?.allowance.bound], [0.1, 1.25]);
  one.routes.publish(view({ ...ready!, ramp: 1 }, ...others));
  assertStrictEquals(one.routes.current?.pool("Server1"), pool);
  assertEquals([pool?.upstream.ramp, pool?.allowance], [1, UNBOUNDED]);
  assertEquals([one.opened.length, one.retired], [3, []]);
});

Deno.test("pools outlive views, until their instance leaves", () => {
  using one = bench();
  one.routes.publish(view(upstream("Server1"), upstream("Server2")));
  const pool = one.routes.current?.pool("Server1");
  one.routes.publish(view(upstream("Server1"), upstream("Server3")));
  assertStrictEquals(one.routes.current?.pool("Server1"), pool);
  assertEquals(one.routes.current?.pool("Server2"), undefined);
  assertEquals(one.retired, ["Server2#0"]);
  one.routes.publish(view(upstream("Server1", "Server1#1")));
  assertEquals(one.opened, ["Server1#0", "Server2#0", "Server3#0", "Server1#1"]);
  assertEquals(one.retired.sort(), ["Server1#0", "Server2#0", "Server3#0"]);
});
