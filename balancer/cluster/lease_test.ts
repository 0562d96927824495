import { assert, assertEquals } from "@std/assert";
import { TestClock, TestFailures } from "../fleet/testing.ts";
import { isHeld, Lease, leaseStep } from "./lease.ts";
import { MemoryStores } from "./memory_store.ts";
import type { SharedStore } from "./shared_store.ts";

const LEASE_MS = 3000;

class Setup {
  readonly clock = new TestClock();
  readonly failures = new TestFailures();
  readonly stores = new MemoryStores();
  readonly changes: string[] = [];

  lease(id: string, store: SharedStore = this.stores.open("lease")): Lease {
    const lease: Lease = new Lease({
      id,
      store,
      clock: this.clock,
      leaseMs: LEASE_MS,
      failures: this.failures,
      onChange: () => this.changes.push(`${id} ${lease.held ? "holds" : "lost"}`),
    });
    return lease;
  }
}

/** A store that can be cut off: calls do not end while it is. */
class Cable implements SharedStore {
  cut = false;
  readonly #store: SharedStore;

  constructor(store: SharedStore) {
    this.#store = store;
  }

  load = () => this.cut ? new Promise<never>(() => {}) : this.#store.load();
  save = (value: string, epoch: number) =>
    this.cut ? new Promise<never>(() => {}) : this.#store.save(value, epoch);
  watch = (onChange: () => void) => this.#store.watch(onChange);
}

Deno.test("a free or released lease is taken at once, another balancer's lease after its whole time", () => {
  const seen = { holder: "a", epoch: 7, at: 1000 };
  assertEquals(leaseStep(undefined, "b", 0, LEASE_MS), "take");
  assertEquals(leaseStep({ ...seen, holder: "" }, "b", 1001, LEASE_MS), "take");
  assertEquals(leaseStep(seen, "a", 99_000, LEASE_MS), "renew");
  assertEquals(leaseStep(seen, "b", 3999, LEASE_MS), "wait");
  assertEquals(leaseStep(seen, "b", 4000, LEASE_MS), "take");
});

Deno.test("a renewal counts for two thirds of the lease, by the clock that has moved further", async () => {
  const clock = new TestClock();
  const renewal = { at: clock.now(), date: clock.wallClock(clock.now()) };
  await clock.turn(1999);
  assert(isHeld(renewal, clock, LEASE_MS));
  clock.setDate(-60_000);
  assert(isHeld(renewal, clock, LEASE_MS));
  // A suspended machine: only the date has moved.
  clock.setDate(60_000 + 5000);
  assert(!isHeld(renewal, clock, LEASE_MS));
  clock.setDate(-5000);
  await clock.turn(1);
  assert(!isHeld(renewal, clock, LEASE_MS));
});

Deno.test("one of two balancers holds the lease; the other takes it over at once when it is released", async () => {
  const setup = new Setup();
  const [a, b] = [setup.lease("a"), setup.lease("b")];
  await a.open();
  await b.open();
  assertEquals([a.held, b.held, b.holder], [true, false, "a"]);
  await setup.clock.turn(20_000);
  assertEquals([a.held, b.held, a.tenure], [true, false, 1]);
  await a.release();
  await setup.clock.turn(500);
  assertEquals([a.held, b.held], [false, true]);
  assertEquals(setup.changes, ["a holds", "b holds"]);
  b.close();
});

Deno.test("a holder that is cut off stops acting before another one begins, and takes the lease back only by a new write", async () => {
  const setup = new Setup();
  const cable = new Cable(setup.stores.open("lease"));
  const [a, b] = [setup.lease("a", cable), setup.lease("b")];
  await a.open();
  await b.open();
  cable.cut = true;
  const times: Record<string, number> = {};
  for (let ms = 0; ms < 6000; ms += 10) {
    await setup.clock.turn(10);
    assert(!(a.held && b.held), `two holders after ${ms} ms`);
    if (!a.held) times["a stopped"] ??= ms + 10;
    if (b.held) times["b began"] ??= ms + 10;
  }
  assert(times["a stopped"]! <= 2000, JSON.stringify(times));
  assert(times["b began"]! >= 3000 && times["b began"]! < 4600, JSON.stringify(times));
  cable.cut = false;
  await setup.clock.turn(10_000);
  assertEquals([a.held, b.held, a.holder], [false, true, "b"]);
  a.close();
  b.close();
});

Deno.test("a lapse of the lease ends the tenure, even if no other balancer took it", async () => {
  const setup = new Setup();
  const cable = new Cable(setup.stores.open("lease"));
  const lease = setup.lease("a", cable);
  await lease.open();
  cable.cut = true;
  await setup.clock.turn(5000);
  assertEquals([lease.held, lease.tenure], [false, 1]);
  cable.cut = false;
  await setup.clock.turn(3000);
  assertEquals([lease.held, lease.tenure], [true, 2]);
  assertEquals(setup.changes, ["a holds", "a lost", "a holds"]);
  lease.close();
});
