import { assert, assertEquals, assertRejects } from "@std/assert";
import { type BalancerHarness, SharedHarness } from "./shared_harness.ts";
import { EngineError } from "../engine/engine.ts";
import type { FleetPolicy } from "./member/policy.ts";
import { ChangeError } from "./operations/membership.ts";

async function world(
  balancers: number,
  policy: Partial<FleetPolicy> = {},
): Promise<SharedHarness> {
  const world = new SharedHarness();
  for (let one = 0; one < balancers; one++) await world.add(policy);
  await world.time.turn(2000);
  return world;
}

function assertAgree({ living }: SharedHarness): void {
  const routing = living.map((one) => one.routing());
  for (const one of routing) assertEquals(one, routing[0]);
}

/** Waits for a promise while the clock runs. */
async function during<T>({ time }: SharedHarness, promise: Promise<T>, ms = 20_000): Promise<T> {
  let over = false;
  promise.then(() => over = true, () => over = true);
  for (let passed = 0; !over && passed < ms; passed += 50) await time.turn(50);
  assert(over, `not over within ${ms} ms`);
  return await promise;
}

function names(one: BalancerHarness): string[] {
  return one.membership.names();
}

Deno.test("several balancers: one starts the replicas, all route to the same instances by the same ring", async () => {
  const shared = await world(3);
  assertEquals(await shared.running(), ["Server1", "Server2", "Server3"]);
  assertEquals(shared.healers.length, 1);
  assertEquals(shared.balancers[2]!.fleet.view.ready.size, 3);
  assertAgree(shared);
});

Deno.test("several balancers: a dead replica is replaced once, and all route to the replacement", async () => {
  const shared = await world(3);
  const before = shared.balancers[1]!.member("Server2")?.instance?.id;
  shared.engine.fail("Server2");
  await shared.time.turn(50);
  for (const { fleet } of shared.balancers) assert(!fleet.view.ready.has("Server2"));
  for (const { fleet } of shared.balancers) assert(fleet.view.awaited.has("Server2"));
  await shared.time.turn(1000);
  assertEquals(await shared.running(), ["Server1", "Server2", "Server3"]);
  const after = shared.balancers[1]!.member("Server2")?.instance?.id;
  assert(after !== undefined && after !== before);
  assertAgree(shared);
});

Deno.test("several balancers: a change asked of any of them is made by all, in one epoch", async () => {
  const shared = await world(3);
  const [one, two, three] = shared.balancers;
  const { epoch } = one!.fleet.view;
  assertEquals((await during(shared, two!.membership.add(2, ["S4"]))).names, [
    "Server1",
    "Server2",
    "Server3",
    "S4",
    "Server4",
  ]);
  assertAgree(shared);
  assert(one!.fleet.view.epoch > epoch);
  await during(shared, three!.membership.weigh({ S4: 3 }));
  assertAgree(shared);
  assertEquals(one!.fleet.ringSpec.weights.get("S4"), 3);
  await during(shared, three!.membership.reshape({ slots: 1024 }));
  assertEquals(shared.balancers.map(({ fleet }) => fleet.view.ring.slots), [1024, 1024, 1024]);
  await during(shared, two!.membership.remove(1, ["Server1"]));
  await shared.time.turn(1000);
  assertAgree(shared);
  assertEquals(names(one!), ["Server2", "Server3", "S4", "Server4"]);
  assertEquals(await shared.running(), ["S4", "Server2", "Server3", "Server4"]);
});

Deno.test("several balancers: of two changes at the same time both are made, or the second one names its fault", async () => {
  const shared = await world(2);
  const [one, two] = shared.balancers;
  const both = Promise.all([one!.membership.add(1, []), two!.membership.add(1, [])]);
  await during(shared, both);
  assertEquals([...names(one!)].sort(), [
    "Server1",
    "Server2",
    "Server3",
    "Server4",
    "Server5",
  ]);
  assertAgree(shared);
  const same = await during(
    shared,
    Promise.allSettled([one!.membership.add(1, ["S9"]), two!.membership.add(1, ["S9"])]),
  );
  assertEquals(same.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const removals = await during(
    shared,
    Promise.allSettled([one!.membership.remove(1, ["S9"]), two!.membership.remove(1, ["S9"])]),
  );
  assert(removals.some(({ status }) => status === "fulfilled"));
  await shared.time.turn(1000);
  assertAgree(shared);
  assertEquals((await shared.running()).length, 5);
});

Deno.test("several balancers: another one heals after the holder died, and the state of all is kept", async () => {
  const shared = await world(3);
  const [one] = shared.balancers;
  assertEquals(shared.healers, [one!.id]);
  one!.kill();
  shared.engine.fail("Server1");
  await shared.time.turn(1000);
  assertEquals(shared.healers, []);
  assertEquals(await shared.running(), ["Server2", "Server3"]);
  await shared.time.turn(5000);
  assertEquals(shared.healers.length, 1);
  assertEquals(await shared.running(), ["Server1", "Server2", "Server3"]);
  assertAgree(shared);
  await during(shared, shared.balancers[2]!.membership.add(1, []));
  assertAgree(shared);
});

Deno.test("several balancers: a balancer that was stopped for 30 s does not act when it comes back, and follows", async () => {
  const shared = await world(3);
  const [one, two] = shared.balancers;
  shared.startMs = 1000;
  shared.engine.fail("Server1");
  // The holder is stopped in the middle of a start.
  await shared.time.turn(100);
  one!.port.stop();
  await shared.time.turn(10_000);
  assertEquals(await shared.running(), ["Server1", "Server2", "Server3"]);
  await during(shared, two!.membership.add(1, ["S4"]));
  shared.engine.fail("Server2");
  await shared.time.turn(20_000);
  const calls = shared.engine.calls.length;
  one!.port.resume();
  await shared.time.turn(100);
  assert(!one!.fleet.mayHeal);
  await shared.time.turn(5000);
  assertEquals(shared.engine.calls.slice(calls), []);
  assertEquals(await shared.running(), ["S4", "Server1", "Server2", "Server3"]);
  assertAgree(shared);
});

Deno.test("several balancers: one that is cut off from the store routes on, says so, and changes nothing", async () => {
  const shared = await world(3);
  const [one, two] = shared.balancers;
  one!.port.cut = true;
  const early = during(shared, one!.membership.weigh({ Server1: 2 }), 30_000);
  await assertRejects(() => early, ChangeError, "the change may have been made");
  await shared.time.turn(10_000);
  assert(one!.fleet.isolated && !two!.fleet.isolated);
  assertEquals(one!.fleet.view.ready.size, 3);
  // The store is not asked: it could still receive the change when it is reached again.
  const late = during(shared, one!.membership.weigh({ Server1: 2 }), 1);
  await assertRejects(() => late, ChangeError, "this balancer is isolated from the shared store");
  assertEquals(two!.fleet.ringSpec.weights.get("Server1"), 1);
  await during(shared, two!.membership.add(1, []));
  one!.port.cut = false;
  await shared.time.turn(5000);
  assert(!one!.fleet.isolated);
  assertAgree(shared);
});

Deno.test("several balancers: replicas whose balancer died before they joined are withdrawn", async () => {
  const shared = await world(3);
  const [, two] = shared.balancers;
  shared.startMs = 2000;
  void two!.membership.add(1, ["S4"]).catch(() => {});
  await shared.time.turn(100);
  two!.kill();
  await shared.time.turn(20_000);
  assertEquals(await shared.running(), ["Server1", "Server2", "Server3"]);
  assertAgree(shared);
});

Deno.test("several balancers: a deploy asked of one that does not heal is run by the one that does", async () => {
  const shared = await world(2);
  const [, two] = shared.balancers;
  const steps: string[] = [];
  const end = await during(
    shared,
    two!.deploys.run({ command: "new" }, ({ step }) => steps.push(step)),
  );
  assertEquals([end.step, ...steps], ["done", "delegated", "done"]);
  await shared.time.turn(1000);
  assertEquals(shared.balancers.map(({ fleet }) => fleet.template), [
    { command: "new" },
    { command: "new" },
  ]);
  assertEquals(await shared.running(), ["Server1", "Server2", "Server3"]);
  assertAgree(shared);
});

Deno.test("several balancers: the end of the holder leaves the replicas running, and another one heals at once", async () => {
  const shared = await world(2);
  const [one, two] = shared.balancers;
  const ended = one!.fleet.close();
  await during(shared, ended);
  one!.port.dead = true;
  await shared.time.turn(1000);
  assertEquals(shared.healers, [two!.id]);
  assertEquals(await shared.running(), ["Server1", "Server2", "Server3"]);
  assertEquals(two!.cluster.status.balancers.map(({ id }) => id), [two!.id]);
});

Deno.test("several balancers: one whose lease has lapsed shows no balancer that heals", async () => {
  const shared = await world(2);
  const [one, two] = shared.balancers;
  assertEquals(one!.cluster.status.holder, one!.id);
  one!.port.cut = true;
  await shared.time.turn(2500);
  assertEquals(one!.cluster.status.holder, undefined);
  await shared.time.turn(2000);
  assertEquals(two!.cluster.status.holder, two!.id);
});

Deno.test("several balancers: spares stand in, and the next holder keeps them", async () => {
  const shared = await world(2, { spares: 1 });
  assertEquals((await shared.running()).length, 4);
  shared.engine.fail("Server2");
  await shared.time.turn(100);
  assertAgree(shared);
  assertEquals(shared.balancers[1]!.fleet.view.ready.size, 3);
  await shared.time.turn(2000);
  const calls = shared.engine.calls.length;
  shared.balancers[0]!.kill();
  await shared.time.turn(10_000);
  assertEquals(shared.engine.calls.slice(calls), []);
  assertEquals(shared.balancers[1]!.fleet.spares.length, 1);
});

Deno.test("several balancers: each one shows the spares", async () => {
  const shared = await world(3, { spares: 2 });
  const spares = shared.balancers.map(({ fleet }) =>
    fleet.spares.map(({ name, phase, instance }) => [name, phase, instance?.id])
  );
  assertEquals(spares[0]!.map(([, phase]) => phase), ["ready", "ready"]);
  assertEquals(spares, Array(3).fill(spares[0]));
});

Deno.test("several balancers: without the store and without the holder spares stand in, at all balancers alike, and the next holder keeps that", async () => {
  const shared = await world(3, { spares: 2 });
  shared.storeAway = true;
  shared.balancers[0]!.kill();
  const living = shared.living;
  const { epoch, ring: { digest } } = living[0]!.fleet.view;
  // The two survivors find the failures in different orders.
  shared.deaf.add("Server3");
  broken(living[0]!, "Server3");
  shared.deaf.add("Server1");
  broken(living[1]!, "Server1");
  await shared.time.turn(1800);
  for (const { fleet } of living) assertEquals(fleet.view.ready.size, 2);
  await shared.time.turn(2500);
  for (const { fleet } of living) {
    assertEquals(fleet.view.ready.size, 3);
    assertEquals([fleet.view.epoch, fleet.view.ring.digest], [epoch, digest]);
  }
  assertEquals(living[1]!.routing(), living[0]!.routing());
  const during = living[0]!.routing();
  shared.storeAway = false;
  await shared.time.turn(10_000);
  assertAgree(shared);
  assertEquals(living[0]!.routing(), during);
  assertEquals((await shared.running()).length, 5);
});

Deno.test("several balancers: a holder that has lost the store keeps its stand-ins, too", async () => {
  const shared = await world(3, { spares: 1 });
  shared.storeAway = true;
  await shared.time.turn(100);
  shared.engine.fail("Server1");
  await shared.time.turn(5000);
  assertEquals(shared.healers, []);
  for (const { fleet } of shared.balancers) assertEquals(fleet.view.ready.size, 3);
  assertEquals(new Set(shared.balancers.map((one) => one.routing())).size, 1);
  shared.storeAway = false;
  await shared.time.turn(10_000);
  assertAgree(shared);
  assertEquals((await shared.running()).length, 4);
});

Deno.test("several balancers: while one heals, no other one lets a spare stand in by itself", async () => {
  const shared = await world(3, { spares: 1 });
  const [, two] = shared.balancers;
  // Only this balancer cannot reach the replica.
  const { instance } = two!.fleet.view.ready.get("Server2")!;
  two!.unreachable.add("Server2");
  broken(two!, "Server2");
  await shared.time.turn(5000);
  assert(!two!.fleet.view.ready.has("Server2"));
  two!.unreachable.delete("Server2");
  await shared.time.turn(5000);
  assertEquals(two!.fleet.view.ready.get("Server2")?.instance, instance);
  assertAgree(shared);
});

Deno.test("several balancers: a spare that died with the replica's machine is passed over", async () => {
  const shared = await world(2, { spares: 2 });
  shared.storeAway = true;
  await shared.time.turn(2000);
  shared.deaf.add("spare.1").add("Server1");
  for (const one of shared.balancers) broken(one, "Server1");
  await shared.time.turn(3000);
  for (const { fleet } of shared.balancers) assertEquals(fleet.view.ready.size, 3);
  assertEquals(new Set(shared.balancers.map((one) => one.routing())).size, 1);
});

async function withMachines(): Promise<SharedHarness> {
  const shared = new SharedHarness();
  for (const name of ["m1", "m2"]) shared.machines.set(name, "active");
  for (let one = 0; one < 3; one++) await shared.add();
  await shared.time.turn(2000);
  return shared;
}

function machinesOf({ fleet }: BalancerHarness): (string | undefined)[] {
  return fleet.members.map(({ instance }) => instance?.machine);
}

Deno.test("several balancers: a drain and an opening of a machine asked of one that does not heal are made", async () => {
  const shared = await withMachines();
  const [, two] = shared.balancers;
  assertEquals(shared.healers, [shared.balancers[0]!.id]);
  assert(machinesOf(two!).includes("m1"));
  const { machines } = await during(shared, two!.operations.set("m1", "drain"));
  assertEquals(machines[0]!.availability, "drain");
  await shared.time.turn(1000);
  for (const one of shared.balancers) assertEquals(machinesOf(one), ["m2", "m2", "m2"]);
  assertAgree(shared);
  await during(shared, two!.operations.set("m1", "active"));
  assertEquals(shared.machines.get("m1"), "active");
});

Deno.test("several balancers: a drain whose balancer dies is finished by the next one that heals", async () => {
  const shared = await withMachines();
  const [one, two] = shared.balancers;
  shared.startMs = 2000;
  void one!.operations.set("m1", "drain").catch(() => {});
  await shared.time.turn(500);
  assertEquals(shared.machines.get("m1"), "pause");
  one!.kill();
  shared.startMs = 100;
  await shared.time.turn(20_000);
  assertEquals(shared.machines.get("m1"), "drain");
  assertEquals(machinesOf(two!), ["m2", "m2", "m2"]);
  assertEquals((await shared.running()).length, 3);
  assertAgree(shared);
});

Deno.test("several balancers: a drain that fails at the one that heals is refused by the one that was asked", async () => {
  const shared = await withMachines();
  const [, two] = shared.balancers;
  shared.engine.failNextStart(new EngineError("image-missing", "no image"));
  const error = await during(
    shared,
    assertRejects(() => two!.operations.set("m1", "drain"), ChangeError),
  );
  assertEquals(error.kind, "not-ready");
  assertEquals(shared.machines.get("m1"), "active");
});

/** Evidence of the data plane that a connection to a replica broke. */
function broken(balancer: BalancerHarness, name: string): void {
  const { instance } = balancer.fleet.view.ready.get(name)!;
  balancer.fleet.observe({ name, instance, kind: "refused", fresh: true, key: "k" });
}

function readyNames({ fleet }: BalancerHarness): string[] {
  return [...fleet.view.ready.keys()].sort();
}

Deno.test("several balancers: a broken connection at one takes the replica out of all views at once", async () => {
  const shared = await world(3);
  const [, two] = shared.balancers;
  shared.deaf.add("Server2");
  broken(two!, "Server2");
  await shared.time.turn(5);
  assertEquals(shared.balancers.map(readyNames), Array(3).fill(["Server1", "Server3"]));
});

Deno.test("several balancers: evidence of one that cannot reach a replica does not take it out of the others' views", async () => {
  const shared = await world(3);
  const [, two, three] = shared.balancers;
  broken(two!, "Server2");
  await shared.time.turn(5);
  assertEquals(readyNames(three!), ["Server1", "Server2", "Server3"]);
});

Deno.test("several balancers: without messages each one finds a failure by its own heartbeats", async () => {
  const shared = new SharedHarness();
  shared.messages = false;
  for (let one = 0; one < 2; one++) await shared.add();
  await shared.time.turn(2000);
  const [one, two] = shared.balancers;
  assertEquals(one!.cluster.status.balancers.map(({ direct }) => direct), [false, false]);
  shared.startMs = 30_000;
  shared.deaf.add("Server2");
  broken(one!, "Server2");
  await shared.time.turn(5);
  assertEquals(readyNames(one!), ["Server1", "Server3"]);
  await shared.time.turn(3500);
  assertEquals(readyNames(two!), ["Server1", "Server3"]);
});

Deno.test("several balancers: a change names the live balancers that did not follow in time", async () => {
  const shared = await world(3);
  const [one, two] = shared.balancers;
  two!.port.stop();
  const { behind } = await during(shared, one!.membership.weigh({ Server1: 2 }));
  assertEquals(behind, [two!.id]);
  two!.port.resume();
  await shared.time.turn(1000);
  const { behind: none } = await during(shared, one!.membership.weigh({ Server1: 3 }));
  assertEquals(none, []);
  assertAgree(shared);
});

Deno.test("several balancers: the loss of the store and its return are reported once each", async () => {
  const shared = await world(2);
  const [, two] = shared.balancers;
  const seen: boolean[] = [];
  two!.cluster.onIsolation = (isolated) => seen.push(isolated);
  two!.port.cut = true;
  await shared.time.turn(3000);
  assertEquals(seen, [true]);
  await shared.time.turn(10_000);
  two!.port.cut = false;
  await shared.time.turn(3000);
  assertEquals(seen, [true, false]);
});

Deno.test("several balancers: a change is answered as soon as the workers of all route by it, without a further event", async () => {
  const shared = await world(3);
  const [, two] = shared.balancers;
  const begun = shared.time.now;
  await during(shared, two!.membership.weigh({ Server1: 2 }));
  assert(shared.time.now - begun <= 50, `${shared.time.now - begun} ms`);
});
