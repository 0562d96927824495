import { assertEquals, assertStrictEquals } from "@std/assert";
import { Ring } from "../../ring/mod.ts";
import type { Upstream, View } from "../view.ts";
import { BufferPool } from "./buffers.ts";
import { Deadlines } from "./deadlines.ts";
import { InFlight } from "./in_flight.ts";
import { Candidates, Routes } from "./routes.ts";
import { InstancePool } from "./upstream_pool.ts";

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
    quarantined: new Set(),
  };
}

/** Routes whose pools note when they are let go. */
function bench() {
  const deadlines = new Deadlines();
  const opened: string[] = [];
  const retired: string[] = [];
  const inFlight = new InFlight();
  const limits = { maxIdle: 1, idleMs: 1, connectMs: 1 };
  const routes = new Routes({
    open: (one) => {
      opened.push(one.instance);
      const gauge = inFlight.gauge(one.instance);
      return new InstancePool(one, gauge, limits, new BufferPool(), deadlines);
    },
    retire: (pool) => void retired.push(pool.upstream.instance),
  });
  return { routes, opened, retired, [Symbol.dispose]: () => deadlines.close() };
}

function names(routes: Routes, slot: number): string[] {
  const candidates = new Candidates(routes.current!, slot);
  const all: string[] = [];
  for (let pool = candidates.next(); pool; pool = candidates.next()) all.push(pool.upstream.name);
  assertEquals(candidates.next(), undefined);
  return all;
}

Deno.test("there is nowhere to go before the first view", () => {
  using one = bench();
  assertEquals(one.routes.current, undefined);
});

Deno.test("candidates are the ready ones in the order of the walk, each once", () => {
  using one = bench();
  one.routes.publish(view(...NAMES.map((name) => upstream(name))));
  for (let slot = 0; slot < 64; slot++) assertEquals(names(one.routes, slot), [...RING.walk(slot)]);
  for (const missing of NAMES) {
    const left = NAMES.filter((name) => name !== missing);
    one.routes.publish(view(...left.map((name) => upstream(name))));
    for (let slot = 0; slot < 64; slot++) {
      const expected = [...RING.walk(slot)].filter((name) => name !== missing);
      assertEquals(names(one.routes, slot), expected, `${slot} without ${missing}`);
    }
  }
  one.routes.publish(view());
  assertEquals(names(one.routes, 0), []);
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

Deno.test("a request keeps the view that it began with", () => {
  using one = bench();
  one.routes.publish(view(...NAMES.map((name) => upstream(name))));
  const candidates = new Candidates(one.routes.current!, 0);
  one.routes.publish(view());
  assertEquals(candidates.next()?.upstream.name, [...RING.walk(0)][0]);
});
