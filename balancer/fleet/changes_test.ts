import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EngineError } from "../engine/engine.ts";
import { slotsOf } from "./spec/ring_spec.ts";
import { FleetHarness } from "./harness.ts";
import { ChangeError, Membership } from "./operations/membership.ts";
import type { FleetPolicy } from "./member/policy.ts";
import { fleetCounts, fleetStatus } from "./operations/status.ts";
import { ChangeLock } from "./operations/change_lock.ts";

async function open(policy: Partial<FleetPolicy> = {}, changeable = true) {
  const harness = await new FleetHarness(policy).open();
  const { fleet, clock, plane, engine } = harness;
  const now = () => clock.now();
  const membership = new Membership({ fleet, changeLock: new ChangeLock(), changeable, now });
  plane.views.length = 0;
  return { harness, fleet, clock, plane, engine, membership };
}

async function kindOf(change: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => change, ChangeError)).kind;
}

Deno.test("a new replica comes with its weight", async () => {
  const { fleet, clock, membership, plane } = await open();
  const added = membership.add(2, ["Big"], { Big: 3 });
  await clock.turn(1);
  assertEquals((await added).names, ["Server1", "Server2", "Server3", "Big", "Server4"]);
  assertEquals(plane.views.length, 1);
  const slots = slotsOf(fleet.view.ring);
  assertAlmostEquals((slots.get("Big") ?? 0) / 512, 3 / 7, 1 / 512);
  assertAlmostEquals((slots.get("Server4") ?? 0) / 512, 1 / 7, 1 / 512);
  assertEquals(await kindOf(membership.add(1, ["S5"], { Server1: 2 })), "unknown");
  assertEquals(await kindOf(membership.add(1, ["S5"], { S5: -1 })), "out-of-bounds");
  assertEquals(fleet.members.length, 5);
  await fleet.close();
});

Deno.test("weights change in one view, and the report names what moved", async () => {
  const { fleet, membership, plane } = await open();
  const report = await membership.weigh({ Server1: 2, Server2: 0.5 });
  assertEquals(plane.views.length, 1);
  const { version, ring } = fleet.view;
  assertEquals([report.version, report.digest], [version, ring.digest]);
  assert(report.moved.share > 0.2 && report.moved.share < 0.35, `${report.moved.share}`);
  assertEquals(fleet.members.map(({ weight }) => weight), [2, 0.5, 1]);
  assertEquals(await kindOf(membership.weigh({ S9: 1 })), "unknown");
  assertEquals(
    await kindOf(membership.weigh({ Server1: 0, Server2: 0, Server3: 0 })),
    "out-of-bounds",
  );
  const same = await membership.weigh({ Server1: 2 });
  assertEquals([same.version, same.moved.share, plane.views.length], [version, 0, 1]);
  await fleet.close();
});

Deno.test("a replica of weight 0 stays ready without slots, and its instance keeps running", async () => {
  const { fleet, clock, engine, membership } = await open();
  engine.calls.length = 0;
  await membership.weigh({ Server2: 0 });
  await clock.turn(10_000);
  assertEquals(slotsOf(fleet.view.ring).get("Server2"), 0);
  assertEquals([fleet.view.ready.has("Server2"), engine.calls], [true, []]);
  engine.fail("Server2");
  await clock.turn(1);
  assert(fleet.view.ready.has("Server2"));
  assertEquals(fleetStatus(fleet, clock.now()).replicas[1]?.slots, 0);
  const release = engine.holdStarts();
  engine.fail("Server1");
  const { serving, servingReady, desired, ready } = fleetCounts(fleet);
  assertEquals([serving, servingReady, desired, ready], [2, 1, 3, 2]);
  release();
  await fleet.close();
});

Deno.test("a removal that leaves only replicas of weight 0 is refused, with given and with chosen names", async () => {
  const { fleet, membership } = await open();
  await membership.weigh({ Server1: 0 });
  assertEquals(await kindOf(membership.remove(2, [])), "out-of-bounds");
  const error = await assertRejects(() => membership.remove(2, ["Server2"]));
  assertEquals(
    (error as Error).message,
    "hostnames: a replica of a weight above 0 must remain; got 1 of weight 0 and no other",
  );
  assertEquals(membership.names().length, 3);
  assertEquals((await membership.remove(3, [])).names, []);
  await fleet.close();
});

Deno.test("the ring's shape changes in one view and is reported", async () => {
  const { fleet, clock, plane, engine, membership } = await open();
  engine.calls.length = 0;
  const report = await membership.reshape({ slots: 4096, layout: "rendezvous" });
  assertEquals([plane.views.length, engine.calls], [1, []]);
  assertEquals([report.digest, report.version], [fleet.view.ring.digest, fleet.view.version]);
  assert(report.moved.share > 0);
  await membership.reshape({ layout: "ring", virtualServers: 100, hashes: "hashed" });
  const { slots, virtualServers, layout, hashes } = fleetStatus(fleet, clock.now());
  assertEquals([slots, virtualServers, layout, hashes], [4096, 100, "ring", "hashed"]);
  assertEquals(fleet.view.ring.virtualServers.length, 300);
  assertEquals(await kindOf(membership.reshape({ slots: 2 })), "out-of-bounds");
  assertEquals(await kindOf(membership.reshape({ slots: 250 })), "out-of-bounds");
  assertEquals(plane.views.length, 2);
  await fleet.close();
});

Deno.test("the number of replicas is bounded by the present shape", async () => {
  const { fleet, clock, membership } = await open();
  await membership.reshape({ slots: 4 });
  assertEquals(await kindOf(membership.add(2, [])), "out-of-bounds");
  await membership.reshape({ slots: 64 });
  const added = membership.add(2, []);
  await clock.turn(1);
  assertEquals((await added).names.length, 5);
  await fleet.close();
});

Deno.test("a plan changes nothing; applied, it does all of it in one view", async () => {
  const { fleet, clock, plane, engine, membership } = await open();
  engine.calls.length = 0;
  const before = fleet.view;
  const plan = membership.plan({
    add: 2,
    hostnames: ["Big"],
    remove: ["Server3"],
    weights: { Big: 3, Server1: 2 },
    slots: 4096,
  });
  assertEquals([fleet.view, engine.calls], [before, []]);
  assertEquals([plan.add, plan.remove, plan.basedOn], [
    ["Big", "Server4"],
    ["Server3"],
    before.ring.digest,
  ]);
  assertEquals([plan.before.members, plan.after.members], [3, 4]);
  assertEquals([plan.before.capacity, plan.after.capacity], [512, 4096]);
  assertAlmostEquals(plan.before.maxOverMean, 171 * 3 / 512, 1e-9);
  assertAlmostEquals(plan.after.maxOverMean, 1, 0.002);
  assert(plan.moved.share > 0.5 && plan.moved.share < 1);
  const applied = membership.apply(plan.id);
  await clock.turn(1);
  const report = await applied;
  assertEquals(plane.views.length, 1);
  assertEquals([report.digest, report.moved], [plan.after.digest, plan.moved]);
  assertEquals([...fleet.ringSpec.weights], [["Server1", 2], ["Server2", 1], ["Big", 3], [
    "Server4",
    1,
  ]]);
  assertEquals((await engine.list()).length, 4);
  await fleet.close();
});

Deno.test("a plan whose replica does not become ready leaves everything as it was", async () => {
  const { fleet, clock, plane, engine, membership } = await open();
  const before = fleet.view;
  const request = { hostnames: ["Big"], remove: ["Server3"], weights: { Server1: 2 }, slots: 64 };
  const plan = membership.plan(request);
  engine.failNextStart(new EngineError("failed", "no memory"));
  const refused = kindOf(membership.apply(plan.id));
  await clock.turn(1);
  assertEquals(await refused, "not-ready");
  assertEquals([fleet.view, plane.views.length], [before, 0]);
  assertEquals(fleet.members.map(({ weight }) => weight), [1, 1, 1]);
  const applied = membership.apply(plan.id);
  await clock.turn(1);
  assertEquals((await applied).digest, plan.after.digest);
  await fleet.close();
});

Deno.test("a plan is refused once anything that it was made for has changed", async () => {
  const { fleet, clock, membership } = await open();
  const plan = () => membership.plan({ weights: { Server1: 2 } }).id;
  const made = [plan(), plan(), plan()];
  await membership.weigh({ Server2: 0.9999 });
  assertEquals(await kindOf(membership.apply(made[0]!)), "stale");
  await membership.weigh({ Server2: 1 });
  await membership.reshape({ virtualServers: 10 });
  assertEquals(await kindOf(membership.apply(made[1]!)), "stale");
  await membership.reshape({ virtualServers: 9 });
  await membership.apply(made[2]!);
  const [one, two] = [plan(), plan()];
  const outcomes = Promise.all([kindOf(membership.apply("none")), membership.apply(one)]);
  const twice = [kindOf(membership.apply(one)), membership.apply(two)];
  await clock.turn(1);
  assertEquals((await outcomes)[0], "unknown-plan");
  assertEquals(await twice[0], "unknown-plan");
  await twice[1];
  await fleet.close();
});

Deno.test("of two plans that add replicas the second is stale; a name in use by then is refused", async () => {
  const { fleet, clock, membership } = await open();
  const [one, two, three] = [1, 1, 1].map((add) => membership.plan({ add }));
  const applied = membership.apply(one!.id);
  const late = kindOf(membership.apply(two!.id));
  await clock.turn(1);
  assertEquals([(await applied).version, await late], [fleet.view.version, "stale"]);
  await membership.remove(1, ["Server4"]);
  fleet.changes.add(["Server4"]);
  await clock.turn(1);
  assertEquals(await kindOf(membership.apply(three!.id)), "taken");
  await fleet.close();
});

Deno.test("plans are kept for ten minutes, and the last 64 of them", async () => {
  const { fleet, clock, membership } = await open({ heartbeatMs: 1e9 });
  const first = membership.plan({ weights: { Server1: 2 } });
  assertEquals(first.expiresAt, clock.now() + 600_000);
  for (let k = 0; k < 64; k++) membership.plan({ weights: { Server1: 2 } });
  assertEquals(await kindOf(membership.apply(first.id)), "unknown-plan");
  const [old, young] = [membership.plan({ slots: 64 }), membership.plan({ slots: 64 })];
  await clock.turn(599_999);
  await membership.apply(young.id);
  await clock.turn(1);
  assertEquals(await kindOf(membership.apply(old.id)), "unknown-plan");
  await fleet.close();
});

Deno.test("an impossible change cannot be planned, for the same reasons", async () => {
  const { fleet, plane, membership } = await open();
  const kind = (request: Parameters<Membership["plan"]>[0]) =>
    assertThrows(() => membership.plan(request), ChangeError).kind;
  assertEquals(kind({ add: 4 }), "out-of-bounds");
  assertEquals(kind({ hostnames: ["Server1"] }), "taken");
  assertEquals(kind({ remove: ["S9"] }), "unknown");
  assertEquals(kind({ weights: { Server1: 1001 } }), "out-of-bounds");
  assertEquals(kind({ slots: 2 }), "out-of-bounds");
  assertEquals(plane.views.length, 0);
  await fleet.close();
});

Deno.test("with engine static weights and shape can be changed, the set of replicas cannot", async () => {
  const { fleet, membership } = await open({}, false);
  const kind = (request: Parameters<Membership["plan"]>[0]) =>
    assertThrows(() => membership.plan(request), ChangeError).kind;
  assertEquals([kind({ add: 1 }), kind({ remove: ["Server1"] })], ["unsupported", "unsupported"]);
  await membership.weigh({ Server1: 0 });
  await membership.apply(membership.plan({ slots: 64, weights: { Server1: 2 } }).id);
  assertEquals([fleet.view.ring.slots, slotsOf(fleet.view.ring).get("Server1")], [64, 32]);
  await fleet.close();
});

Deno.test("health changes never change a ring of weights", async () => {
  const { harness, fleet, clock, engine, membership } = await open({ spares: 1 });
  await membership.weigh({ Server1: 3, Server2: 0 });
  await membership.reshape({ layout: "ring" });
  const { ring } = fleet.view;
  for (const name of ["Server1", "Server2", "Server3"]) {
    engine.fail(name);
    await clock.turn(1);
    assertEquals(fleet.view.ring, ring);
  }
  assertEquals(harness.fleet.view.ready.size, 3);
  await fleet.close();
});

Deno.test("a change requested before the engine has answered waits until the members are known", async () => {
  const harness = new FleetHarness();
  const { fleet, clock, engine } = harness;
  engine.goAway();
  await harness.open();
  const now = () => clock.now();
  const membership = new Membership({ fleet, changeLock: new ChangeLock(), changeable: true, now });
  const added = membership.add(1, []);
  const weighed = membership.weigh({ Server1: 2 });
  await clock.turn(1);
  engine.comeBack();
  await clock.turn(1000);
  assertEquals([(await added).names, (await weighed).version], [
    ["Server1", "Server2", "Server3", "Server4"],
    fleet.view.version,
  ]);
  await fleet.close();
});
