import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { Instance, Template } from "../../engine/engine.ts";
import type { RingShape } from "../spec/ring_spec.ts";
import { slotsOf } from "../spec/ring_spec.ts";
import { DesiredState } from "./desired_state.ts";
import { FleetHarness, TEST_SHAPE } from "../harness.ts";
import { ChangeError, Membership } from "../operations/membership.ts";
import type { FleetStore, SavedFleet } from "./store.ts";
import { quietLog, TextStore } from "../testing.ts";
import { ChangeLock } from "../operations/change_lock.ts";

async function open(store: FleetStore, shape?: RingShape) {
  const harness = await new FleetHarness({}, undefined, store, shape).open();
  const { fleet, clock } = harness;
  const now = () => clock.now();
  const membership = new Membership({ fleet, changeLock: new ChangeLock(), changeable: true, now });
  return { harness, fleet, clock, membership };
}

async function openAll(store: FleetStore) {
  const { harness, fleet, clock, membership } = await open(store);
  return { harness, fleet, clock, membership, engine: harness.engine };
}

Deno.test("names, weights and shape survive a restart of the balancer", async () => {
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
  assertEquals(fleet.ringSpec, first.fleet.ringSpec);
  assertEquals(fleet.view.ring.digest, plan.after.digest);
  await fleet.close();
});

Deno.test("each change is saved in one piece: a balancer killed at any moment leaves all of it or nothing", async () => {
  const store = new TextStore();
  const { fleet, clock, membership } = await open(store);
  const before = store.texts.length;
  const request = { hostnames: ["Big"], remove: ["Server2"], weights: { Big: 2 }, slots: 64 };
  const applied = membership.apply(membership.plan(request).id);
  await clock.turn(1);
  await applied;
  assertEquals(store.texts.slice(before).map((text) => JSON.parse(text)), [{
    configured: 3,
    names: ["Server1", "Server3", "Big"],
    template: {},
    weights: { Big: 2 },
    shape: { settings: TEST_SHAPE, inForce: { ...TEST_SHAPE, slots: 64 } },
  }]);
  await fleet.close();
});

Deno.test("an unchanged fleet is saved in its original form", async () => {
  const store = new TextStore();
  const { fleet, membership } = await open(store);
  await membership.weigh({ Server1: 2 });
  await membership.weigh({ Server1: 1 });
  const names = ["Server1", "Server2", "Server3"];
  assertEquals(JSON.parse(store.texts.at(-1)!), { configured: 3, names, template: {} });
  await fleet.close();
});

Deno.test("a changed shape is discarded once the settings of the shape change", async () => {
  const inForce = { ...TEST_SHAPE, slots: 64 };
  const saved = { configured: 3, names: ["Server1", "S9"], template: {} };
  const shapeOf = async (settings: RingShape) => {
    const store = new TextStore({ ...saved, shape: { settings: TEST_SHAPE, inForce } });
    const desiredState = new DesiredState({
      store,
      desired: 3,
      shape: settings,
      log: quietLog,
    });
    await desiredState.load();
    assertEquals(desiredState.loaded?.names, saved.names);
    return desiredState.shape;
  };
  assertEquals(await shapeOf(TEST_SHAPE), inForce);
  const others: Partial<RingShape>[] = [
    { slots: 1024 },
    { virtualServers: 10 },
    { layout: "ring" },
    { hashes: "seed" },
  ];
  for (const other of others) {
    const settings = { ...TEST_SHAPE, ...other };
    assertEquals(await shapeOf(settings), settings);
  }
});

Deno.test("another number of replicas in the settings discards the saved fleet", async () => {
  const saved = { configured: 2, names: ["Server1"], template: {}, weights: { Server1: 2 } };
  const shape = { settings: TEST_SHAPE, inForce: { ...TEST_SHAPE, slots: 64 } };
  const { fleet } = await open(new TextStore({ ...saved, shape }));
  assertEquals([fleet.members.length, fleet.view.ring.slots], [3, 512]);
  assertEquals(fleet.members.map(({ weight }) => weight), [1, 1, 1]);
  await fleet.close();
});

Deno.test("saved weights without room on the ring of new settings are reset to 1", async () => {
  const names = ["Server1", "Server2"];
  const weights = { Server1: 30 };
  const saved: SavedFleet = { configured: 3, names, template: {}, weights };
  const settings: RingShape = { ...TEST_SHAPE, slots: 100, layout: "ring" };
  const { fleet } = await open(new TextStore(saved), settings);
  assertEquals([...fleet.ringSpec.weights], [["Server1", 1], ["Server2", 1]]);
  assertEquals(fleet.view.ready.size, 2);
  await fleet.close();
  const roomy = await open(new TextStore(saved), { ...settings, slots: 512 });
  assertNotEquals(slotsOf(roomy.fleet.view.ring).get("Server1"), 256);
  assertEquals(roomy.fleet.ringSpec.weights.get("Server1"), 30);
  await roomy.fleet.close();
});

Deno.test("if a smaller ring keeps only replicas of weight 0, those own it", async () => {
  const names = ["Server1", "Server2", "Server3"];
  const saved = { configured: 3, names, template: {}, weights: { Server1: 0, Server2: 0 } };
  const { fleet } = await open(new TextStore(saved), { ...TEST_SHAPE, slots: 2 });
  assertEquals([...fleet.ringSpec.weights], [["Server1", 1], ["Server2", 1]]);
  assertEquals(fleet.view.ready.size, 2);
  await fleet.close();
});

Deno.test("a change that cannot be saved is not made: no replica joins, leaves or changes its weight", async () => {
  const store = new TextStore();
  const { fleet, engine, clock, membership } = await openAll(store);
  const before = { view: fleet.view, texts: store.texts.length };
  store.fault = new Error("No space left on device (os error 28)");
  const changes: (() => Promise<unknown>)[] = [
    () => membership.add(1, ["S4"]),
    () => membership.remove(1, ["Server2"]),
    () => membership.weigh({ Server1: 2 }),
    () => membership.reshape({ slots: 64 }),
    () => membership.apply(membership.plan({ hostnames: ["S5"], remove: ["Server1"] }).id),
  ];
  for (const change of changes) {
    const changed = assertRejects(change, ChangeError, "No space left on device");
    await clock.turn(1);
    assertEquals((await changed).kind, "not-saved");
  }
  assertEquals([fleet.view, store.texts.length], [before.view, before.texts]);
  assertEquals((await engine.list()).map(({ name }) => name), ["Server1", "Server2", "Server3"]);
  assertEquals(fleet.members.length, 3);
  store.fault = undefined;
  const added = membership.add(1, ["S4"]);
  await clock.turn(1);
  assertEquals((await added).names.length, 4);
  await fleet.close();
});

Deno.test("a failed save at the start blocks nothing and is retried", async () => {
  const store = new TextStore();
  store.fault = new Error("read-only file system");
  const { harness, fleet, clock } = await openAll(store);
  assertEquals([fleet.view.ready.size, harness.failures.actions], [3, ["fleet.save"]]);
  store.fault = undefined;
  await clock.turn(10_000);
  assertEquals(store.last.names.length, 3);
  await fleet.close();
});

Deno.test("a deployed template is used until the settings name another image", async () => {
  const saved = { configured: 3, names: ["Server1"], template: { image: "app:2" } };
  const templateOf = async (then: Template | undefined, now: Template) => {
    const desiredState = new DesiredState({
      store: new TextStore({ ...saved, ...(then && { settings: then }) }),
      desired: 3,
      shape: TEST_SHAPE,
      settings: now,
      log: quietLog,
    });
    await desiredState.load();
    return desiredState.template;
  };
  const app1 = { image: "app:1" };
  assertEquals(await templateOf(app1, app1), { image: "app:2" });
  assertEquals(await templateOf(undefined, app1), { image: "app:2" });
  assertEquals(await templateOf(app1, { image: "app:3" }), { image: "app:3" });
  assertEquals(await templateOf(app1, { ...app1, command: "serve" }), {
    ...app1,
    command: "serve",
  });
});

Deno.test("without a saved state the newest instance's labels name the deployed template, unless the settings changed", () => {
  const instance = (name: string, startedAt: number, changes: Partial<Instance>): Instance => ({
    ...{ id: name, name, spare: false, address: { hostname: name, port: 1 }, startedAt },
    ...changes,
  });
  const recovered = (then: Template, now: Template) => {
    const desiredState = new DesiredState({
      ...{ store: new TextStore(), desired: 3, shape: TEST_SHAPE, log: quietLog, settings: now },
    });
    const deployed = { image: "app:2", imageId: "sha256:2" };
    desiredState.recover([
      instance("b", 2, { template: deployed, settings: then }),
      instance("a", 1, { template: { image: "app:1" }, settings: then }),
    ]);
    return desiredState.template.image;
  };
  assertEquals(recovered({ image: "app:1" }, { image: "app:1" }), "app:2");
  assertEquals(recovered({ image: "app:1" }, { image: "app:3" }), "app:3");
});

const MAINTENANCE = {
  message: "soon",
  retryAfterS: 60,
  allow: ["10.0.0.0/8"],
  since: "2026-01-01T00:00:00.000Z",
};

Deno.test("a maintenance survives a restart, also one with another LB_REPLICAS, and its end does", async () => {
  const store = new TextStore();
  const first = await open(store);
  await first.fleet.changes.setMaintenance(MAINTENANCE);
  assertEquals(first.fleet.maintenance, MAINTENANCE);
  await first.fleet.abandon();
  const second = await open(store);
  assertEquals(second.fleet.maintenance, MAINTENANCE);
  const desired = new DesiredState({ store, desired: 5, shape: TEST_SHAPE, log: quietLog });
  await desired.load();
  assertEquals(desired.maintenance, MAINTENANCE);
  await second.fleet.changes.setMaintenance(undefined);
  await second.fleet.abandon();
  const third = await open(store);
  assertEquals(third.fleet.maintenance, undefined);
  await third.fleet.close();
});

Deno.test("a maintenance neither waits for a change of the fleet nor undoes it, nor is undone by it", async () => {
  const store = new TextStore();
  const { fleet, clock, membership } = await open(store);
  const added = membership.add(1, ["S4"], {}, () => {});
  await fleet.changes.setMaintenance(MAINTENANCE);
  await clock.turn(1);
  await added;
  const saved = JSON.parse(store.texts.at(-1)!);
  assertEquals([saved.names.includes("S4"), saved.maintenance], [true, MAINTENANCE]);
  await fleet.close();
});

Deno.test("a maintenance that cannot be saved is not in force", async () => {
  const store = new TextStore();
  const { fleet } = await open(store);
  store.save = () => Promise.reject(new Error("disk full"));
  await assertRejects(() => fleet.changes.setMaintenance(MAINTENANCE), Error, "disk full");
  assertEquals(fleet.maintenance, undefined);
  await fleet.abandon();
});
