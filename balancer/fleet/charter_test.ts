import { getLogger } from "@logtape/logtape";
import { assertEquals, assertNotEquals } from "@std/assert";
import type { RingShape } from "./blueprint.ts";
import { slotsOf } from "./blueprint.ts";
import { Charter } from "./charter.ts";
import { BENCH_SHAPE, FleetBench } from "./fleet_bench.ts";
import { Membership } from "./membership.ts";
import type { FleetStore, SavedFleet } from "./store.ts";
import { TestFailures } from "./testing.ts";
import { Turns } from "./turns.ts";

/** A store in memory that keeps text, as a file would. */
class TextStore implements FleetStore {
  readonly texts: string[] = [];

  constructor(saved?: SavedFleet) {
    if (saved) this.texts.push(JSON.stringify(saved));
  }

  load(): Promise<SavedFleet | undefined> {
    const text = this.texts.at(-1);
    return Promise.resolve(text === undefined ? undefined : JSON.parse(text));
  }

  save(fleet: SavedFleet): Promise<void> {
    this.texts.push(JSON.stringify(fleet));
    return Promise.resolve();
  }
}

async function open(store: FleetStore, shape?: RingShape) {
  const bench = await new FleetBench({}, undefined, store, shape).open();
  const { fleet, clock } = bench;
  const now = () => clock.now();
  const membership = new Membership({ fleet, turns: new Turns(), changeable: true, now });
  return { bench, fleet, clock, membership };
}

Deno.test("names, weights and shape are what they were in the balancer's next life", async () => {
  const store = new TextStore();
  const first = await open(store);
  const plan = first.membership.plan({
    hostnames: ["constructor"],
    remove: ["Server2"],
    weights: { constructor: 2.5, Server1: 0 } as never,
    slots: 4096,
    layout: "rendezvous",
  });
  const applied = first.membership.apply(plan.id);
  await first.clock.turn(1);
  await applied;
  await first.fleet.abandon();
  const { fleet } = await open(store);
  assertEquals(fleet.blueprint, first.fleet.blueprint);
  assertEquals(fleet.view.ring.digest, plan.after.digest);
  await fleet.close();
});

Deno.test("each change is kept in one piece, so that a balancer killed at any moment leaves all or nothing of it", async () => {
  const store = new TextStore();
  const { fleet, clock, membership } = await open(store);
  store.texts.length = 0;
  const wish = { hostnames: ["Big"], remove: ["Server2"], weights: { Big: 2 }, slots: 64 };
  const applied = membership.apply(membership.plan(wish).id);
  await clock.turn(1);
  await applied;
  assertEquals(store.texts.map((text) => JSON.parse(text)), [{
    configured: 3,
    names: ["Server1", "Server3", "Big"],
    template: {},
    weights: { Big: 2 },
    shape: { settings: BENCH_SHAPE, inForce: { ...BENCH_SHAPE, slots: 64 } },
  }]);
  await fleet.close();
});

Deno.test("a fleet that nobody changed is kept as it always was", async () => {
  const store = new TextStore();
  const { fleet, membership } = await open(store);
  await membership.weigh({ Server1: 2 });
  await membership.weigh({ Server1: 1 });
  const names = ["Server1", "Server2", "Server3"];
  assertEquals(JSON.parse(store.texts.at(-1)!), { configured: 3, names, template: {} });
  await fleet.close();
});

Deno.test("a changed shape is forgotten when the settings are others than those it was changed from", async () => {
  const inForce = { ...BENCH_SHAPE, slots: 64 };
  const saved = { configured: 3, names: ["Server1", "S9"], template: {} };
  const shapeOf = async (settings: RingShape) => {
    const store = new TextStore({ ...saved, shape: { settings: BENCH_SHAPE, inForce } });
    const charter = new Charter({
      store,
      desired: 3,
      shape: settings,
      failures: new TestFailures(),
      log: getLogger("test"),
    });
    await charter.load();
    assertEquals(charter.loaded?.names, saved.names);
    return charter.shape;
  };
  assertEquals(await shapeOf(BENCH_SHAPE), inForce);
  const others: Partial<RingShape>[] = [
    { slots: 1024 },
    { virtualServers: 10 },
    { layout: "ring" },
    { hashes: "seed" },
  ];
  for (const other of others) {
    const settings = { ...BENCH_SHAPE, ...other };
    assertEquals(await shapeOf(settings), settings);
  }
});

Deno.test("with another number of replicas in the settings the fleet starts afresh", async () => {
  const saved = { configured: 2, names: ["Server1"], template: {}, weights: { Server1: 2 } };
  const shape = { settings: BENCH_SHAPE, inForce: { ...BENCH_SHAPE, slots: 64 } };
  const { fleet } = await open(new TextStore({ ...saved, shape }));
  assertEquals([fleet.members.length, fleet.view.ring.slots], [3, 512]);
  assertEquals(fleet.members.map(({ weight }) => weight), [1, 1, 1]);
  await fleet.close();
});

Deno.test("weights for which the ring of new settings has no room are 1 again", async () => {
  const names = ["Server1", "Server2"];
  const weights = { Server1: 30 };
  const saved: SavedFleet = { configured: 3, names, template: {}, weights };
  const settings: RingShape = { ...BENCH_SHAPE, slots: 100, layout: "ring" };
  const { fleet } = await open(new TextStore(saved), settings);
  assertEquals([...fleet.blueprint.weights], [["Server1", 1], ["Server2", 1]]);
  assertEquals(fleet.view.ready.size, 2);
  await fleet.close();
  const roomy = await open(new TextStore(saved), { ...settings, slots: 512 });
  assertNotEquals(slotsOf(roomy.fleet.view.ring).get("Server1"), 256);
  assertEquals(roomy.fleet.blueprint.weights.get("Server1"), 30);
  await roomy.fleet.close();
});

Deno.test("where nobody of a weight is left on a smaller ring, those that are left own it", async () => {
  const names = ["Server1", "Server2", "Server3"];
  const saved = { configured: 3, names, template: {}, weights: { Server1: 0, Server2: 0 } };
  const { fleet } = await open(new TextStore(saved), { ...BENCH_SHAPE, slots: 2 });
  assertEquals([...fleet.blueprint.weights], [["Server1", 1], ["Server2", 1]]);
  assertEquals(fleet.view.ready.size, 2);
  await fleet.close();
});
