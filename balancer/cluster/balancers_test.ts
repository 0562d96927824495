import { assert, assertEquals } from "@std/assert";
import { TestClock, TestFailures } from "../fleet/testing.ts";
import type { RoutingReport } from "./balancer_report.ts";
import { Balancers } from "./balancers.ts";
import { MemoryStores } from "./memory_store.ts";

function balancer(id: string, clock: TestClock, stores: MemoryStores): {
  readonly balancers: Balancers;
  routing: RoutingReport;
} {
  const routing: RoutingReport = { epoch: 1, digest: "d", instances: 0, draining: [] };
  const own: ReturnType<typeof balancer> = {
    routing,
    balancers: new Balancers({
      self: { id, host: "h", pid: 1 },
      stores,
      clock,
      silenceMs: 3000,
      failures: new TestFailures(),
      routing: () => own.routing,
      cleansUp: () => id === "a",
    }),
  };
  return own;
}

function ids({ live }: Balancers): string[] {
  return live.map(({ id }) => id);
}

Deno.test("balancers see each other, what each routes by, and when one is silent", async () => {
  const [clock, stores] = [new TestClock(), new MemoryStores()];
  const [a, b] = [balancer("a", clock, stores), balancer("b", clock, stores)];
  await a.balancers.open();
  await b.balancers.open();
  await clock.turn(1);
  assertEquals([ids(a.balancers), ids(b.balancers)], [["a", "b"], ["a", "b"]]);
  b.routing = { ...b.routing, epoch: 2 };
  const acknowledged = a.balancers.until(
    (live) => live.every(({ id, epoch }) => id === "a" || epoch === 2),
    1000,
  );
  b.balancers.touch();
  assert(await acknowledged);
  b.balancers.close();
  await clock.turn(2500);
  assertEquals(ids(a.balancers), ["a", "b"]);
  await clock.turn(1000);
  assertEquals(ids(a.balancers), ["a"]);
  await clock.turn(60_000);
  assertEquals(await stores.names(), ["balancer-a"]);
  await a.balancers.leave();
  assertEquals(await stores.names(), []);
});

Deno.test("a wait for the others ends at its deadline", async () => {
  const [clock, stores] = [new TestClock(), new MemoryStores()];
  const { balancers } = balancer("a", clock, stores);
  await balancers.open();
  const waiting = balancers.until(() => false, 1000);
  await clock.turn(1000);
  assertEquals(await waiting, false);
  assertEquals(balancers.isolated, false);
  balancers.close();
  await clock.turn(3000);
  assertEquals(balancers.isolated, true);
});
