import { assert, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { EngineError } from "../engine/engine.ts";
import { FleetHarness } from "./harness.ts";
import { Membership } from "./operations/membership.ts";
import { TextStore } from "./testing.ts";
import { ChangeLock } from "./operations/change_lock.ts";

Deno.test("a new fleet starts the desired replicas and publishes each one once it is ready", async () => {
  const { fleet, plane } = await new FleetHarness().open();
  assertEquals(plane.ready().sort(), ["Server1", "Server2", "Server3"]);
  assertEquals(fleet.view.ring.members, ["Server1", "Server2", "Server3"]);
  await fleet.close();
});

Deno.test("a killed replica leaves the view, and returns with the same name and slots", async () => {
  const harness = await new FleetHarness().open();
  const { fleet, engine, clock } = harness;
  const before = { digest: fleet.view.ring.digest, id: harness.member("Server2")?.instance?.id };
  const release = engine.holdStarts();
  engine.fail("Server2");
  assertEquals([...fleet.view.ready.keys()].sort(), ["Server1", "Server3"]);
  assertEquals(fleet.view.ring.digest, before.digest);
  release();
  await clock.turn(1);
  assert(fleet.view.ready.has("Server2"));
  assertEquals(fleet.view.ring.digest, before.digest);
  assertNotEquals(fleet.view.ready.get("Server2")?.instance, before.id);
  await fleet.close();
});

Deno.test("a replacement is started in the step that finds the failure, although the clock moves within it", async () => {
  const harness = await new FleetHarness({ spares: 1 }).open();
  const { engine, clock, fleet } = harness;
  await clock.turn(100);
  const now = clock.now.bind(clock);
  let calls = 0;
  clock.now = () => now() + ++calls / 1e6;
  const spare = fleet.spares[0]!.instance!.id;
  const { instance } = fleet.view.ready.get("Server2")!;
  fleet.observe({ name: "Server2", instance, kind: "refused", fresh: true, key: "k" });
  assertEquals(harness.member("Server2")?.instance?.id, spare);
  engine.fail("Server3");
  assertEquals(harness.member("Server3")?.phase, "starting");
  await fleet.abandon();
});

Deno.test("a hung replica is out of the view before it is stopped, and is started again", async () => {
  const harness = await new FleetHarness().open();
  const { fleet, engine, plane, sick, clock } = harness;
  engine.calls.length = 0;
  sick.add("Server1");
  const publishedAtStop: boolean[] = [];
  const stop = engine.stop.bind(engine);
  engine.stop = (id, grace) => {
    publishedAtStop.push(plane.views.at(-1)?.ready.has("Server1") ?? true);
    sick.delete("Server1");
    return stop(id, grace);
  };
  await clock.turn(5000);
  assertEquals(publishedAtStop, [false]);
  assertEquals(engine.calls, ["start Server1", "stop Server1#1 0"]);
  assert(fleet.view.ready.has("Server1"));
  await fleet.close();
});

Deno.test("a refused connection takes the replica out at once, stale evidence does nothing", async () => {
  const harness = await new FleetHarness().open();
  const { fleet, engine, clock } = harness;
  fleet.observe({ name: "Server3", instance: "Server3#0", kind: "refused", fresh: true, key: "k" });
  assert(fleet.view.ready.has("Server3"));
  const release = engine.holdStarts();
  const instance = harness.member("Server3")?.instance?.id ?? "";
  fleet.observe({ name: "Server3", instance, kind: "refused", fresh: true, key: "k" });
  assertFalse(fleet.view.ready.has("Server3"));
  release();
  await clock.turn(1);
  assert(fleet.view.ready.has("Server3"));
  await fleet.close();
});

Deno.test("a reset connection brings the next heartbeat forward", async () => {
  const harness = await new FleetHarness().open();
  const before = harness.heartbeats;
  const instance = harness.member("Server1")?.instance?.id ?? "";
  harness.fleet.observe({ name: "Server1", instance, kind: "reset", fresh: true, key: "k" });
  await harness.clock.turn(0);
  assertEquals(harness.heartbeats, before + 1);
  await harness.fleet.close();
});

Deno.test("a replica that keeps dying is started less and less often", async () => {
  const harness = new FleetHarness({ backoffMs: 1000, backoffMaxMs: 8000 });
  harness.sick.add("Server2");
  await harness.open();
  const { engine, clock } = harness;
  engine.calls.length = 0;
  for (let second = 0; second < 60; second++) {
    engine.fail("Server2", "exit code 1");
    await clock.turn(1000);
  }
  const starts = engine.calls.filter((call) => call === "start Server2").length;
  assert(starts <= 12, `${starts} starts in a minute`);
  assertEquals(harness.member("Server2")?.lastError?.message, "exit code 1");
  await harness.fleet.close();
});

Deno.test("an unreachable engine takes no replica out of the view, and is called until it answers", async () => {
  const harness = await new FleetHarness().open();
  const { fleet, engine, clock } = harness;
  engine.goAway();
  assertFalse(fleet.engineUp);
  await clock.turn(10_000);
  assertEquals(fleet.view.ready.size, 3);
  assertEquals(fleet.engineAwayMs, 10_000);
  engine.fail("Server1");
  engine.comeBack();
  await clock.turn(1);
  assert(fleet.engineUp);
  assertEquals(fleet.engineAwayMs, 0);
  assertEquals(fleet.view.ready.size, 3);
  assertEquals(harness.member("Server1")?.restarts, 1);
  await fleet.close();
});

Deno.test("a replica that fails while the engine is away is replaced when the engine is back", async () => {
  const harness = await new FleetHarness().open();
  const { fleet, engine, sick, clock } = harness;
  engine.goAway();
  sick.add("Server2");
  await clock.turn(10_000);
  assertEquals([...fleet.view.ready.keys()].sort(), ["Server1", "Server3"]);
  engine.calls.length = 0;
  engine.comeBack();
  sick.delete("Server2");
  await clock.turn(1);
  assertEquals(fleet.view.ready.size, 3);
  assertEquals(engine.calls.includes("start Server2"), true);
  await fleet.close();
});

Deno.test("a fleet that opens without its engine starts once the engine answers", async () => {
  const harness = new FleetHarness();
  harness.engine.goAway();
  await harness.open();
  assertEquals([harness.fleet.view.ready.size, harness.fleet.desired], [0, 3]);
  harness.engine.comeBack();
  await harness.clock.turn(1);
  assertEquals(harness.fleet.view.ready.size, 3);
  await harness.fleet.close();
});

Deno.test("running instances are adopted and none is started twice", async () => {
  const engine = FleetHarness.memory();
  for (const name of ["Server2", "S9"]) await engine.start({ name, spare: false, template: {} });
  engine.calls.length = 0;
  const { fleet } = await new FleetHarness({}, engine).open();
  assertEquals(engine.calls, ["start Server1"]);
  assertEquals(fleet.view.ring.members.toSorted(), ["S9", "Server1", "Server2"]);
  assertEquals(fleet.view.ready.get("S9")?.instance, "S9#2");
  await fleet.close();
});

Deno.test("running replicas above the limit are stopped, the last ones first", async () => {
  const engine = FleetHarness.memory();
  for (let k = 1; k <= 8; k++) {
    await engine.start({ name: `Server${k}`, spare: false, template: {} });
  }
  const { fleet } = await new FleetHarness({}, engine).open();
  assertEquals(fleet.view.ready.size, 6);
  assertEquals((await engine.list()).map(({ name }) => name).includes("Server8"), false);
  await fleet.close();
});

Deno.test("a fault in one step is recorded and does not stop the next", async () => {
  const harness = await new FleetHarness().open();
  const { fleet, engine, plane, clock, failures } = harness;
  plane.publish = () => {
    throw new Error("a worker is gone");
  };
  engine.fail("Server1");
  assert(failures.actions.includes("fleet.step"));
  plane.publish = (view) => void plane.views.push(view);
  engine.fail("Server2");
  await clock.turn(1);
  assertEquals(plane.ready().length, 3);
  await fleet.close();
});

Deno.test("a failed start is retried and its reason is kept", async () => {
  const harness = new FleetHarness();
  harness.engine.failNextStart(new EngineError("image-missing", "no such image"));
  await harness.open();
  await harness.clock.turn(1000);
  assertEquals(harness.fleet.view.ready.size, 3);
  const errors = harness.fleet.members.map((member) => member.lastError?.message);
  assertEquals(errors.filter(Boolean), ["no such image"]);
  assertEquals(harness.failures.actions, ["engine.start"]);
  await harness.fleet.close();
});

Deno.test("an instance that belongs to no replica is stopped when the engine is listed again", async () => {
  const harness = await new FleetHarness().open();
  await harness.engine.start({ name: "Stray", spare: false, template: {} });
  harness.engine.comeBack();
  await harness.clock.turn(1);
  assert(harness.engine.calls.some((call) => call.startsWith("stop Stray#")));
  assertEquals(harness.fleet.members.length, 3);
  await harness.fleet.close();
});

Deno.test("closing stops every replica", async () => {
  const { fleet, engine } = await new FleetHarness().open();
  await fleet.close();
  assertEquals(await engine.list(), []);
});

Deno.test("abandoning leaves every replica as it is", async () => {
  const { fleet, engine } = await new FleetHarness().open();
  await fleet.abandon();
  assertEquals((await engine.list()).length, 3);
});

Deno.test("without a health path a replica is up until a connection fails, and again a second later", async () => {
  const harness = await new FleetHarness({ probes: false }).open();
  const { fleet, engine, clock } = harness;
  const instance = harness.member("Server1")?.instance?.id ?? "";
  fleet.observe({ name: "Server1", instance, kind: "refused", fresh: true, key: "k" });
  assertFalse(fleet.view.ready.has("Server1"));
  engine.calls.length = 0;
  await clock.turn(1000);
  assert(fleet.view.ready.has("Server1"));
  assertEquals(engine.calls, []);
  await fleet.close();
});

Deno.test("an exit that is reported before the start has returned is not missed", async () => {
  const harness = await new FleetHarness().open();
  const { fleet, engine, clock } = harness;
  const start = engine.start.bind(engine);
  engine.start = async (launch) => {
    const instance = await start(launch);
    engine.fail(launch.name, "exit code 1");
    engine.start = start;
    return instance;
  };
  engine.fail("Server2");
  await clock.turn(1);
  assert(fleet.view.ready.has("Server2"));
  assertEquals(harness.member("Server2")?.restarts, 2);
  await fleet.close();
});

Deno.test("a spare takes over the name of a dead replica and is itself replaced", async () => {
  const harness = await new FleetHarness({ spares: 1 }).open();
  const { fleet, engine, clock, named } = harness;
  assertEquals(fleet.spares.map(({ name, phase }) => [name, phase]), [["spare.1", "ready"]]);
  const spare = fleet.spares[0]?.instance?.id;
  const digest = fleet.view.ring.digest;
  engine.calls.length = 0;
  const release = engine.holdStarts();
  engine.fail("Server2");
  await clock.turn(1);
  assertEquals(fleet.view.ready.get("Server2")?.instance, spare);
  assertEquals([fleet.view.ring.digest, named.get("spare.1")], [digest, "Server2"]);
  assert(engine.calls.includes(`rename ${spare} Server2`));
  assertEquals(fleet.incidents.all[0]?.spare, true);
  release();
  await clock.turn(1);
  assertEquals(fleet.spares.map(({ phase }) => phase), ["ready"]);
  assertEquals((await engine.list()).map(({ name }) => name).sort(), [
    "Server1",
    "Server2",
    "Server3",
    "spare.2",
  ]);
  await fleet.close();
  assertEquals(await engine.list(), []);
});

Deno.test("a spare is in the view only after a heartbeat under its new name", async () => {
  const harness = await new FleetHarness({ spares: 1 }).open();
  const { fleet, engine, sick, clock } = harness;
  sick.add("spare.1");
  engine.fail("Server2");
  await clock.turn(1);
  assertFalse(fleet.view.ready.has("Server2"));
  assert(fleet.view.awaited.has("Server2"));
  sick.delete("spare.1");
  await clock.turn(30);
  assert(fleet.view.ready.has("Server2"));
  await fleet.close();
});

Deno.test("the exit of a promoted spare belongs to its replica", async () => {
  const harness = await new FleetHarness({ spares: 1 }).open();
  const { fleet, engine, clock } = harness;
  engine.rename = () => new Promise(() => {});
  engine.fail("Server2");
  await clock.turn(1);
  const before = fleet.view.ready.get("Server2")?.instance ?? "";
  await engine.kill(before);
  await clock.turn(1);
  assert(fleet.view.ready.has("Server2"));
  assertNotEquals(fleet.view.ready.get("Server2")?.instance, before);
  await fleet.close();
});

Deno.test("new replicas are filled with spares, too", async () => {
  const harness = await new FleetHarness({ spares: 1 }).open();
  const { fleet, clock } = harness;
  const spare = fleet.spares[0]?.instance?.id;
  fleet.changes.add(["S4"]);
  await clock.turn(1);
  assertEquals(harness.member("S4")?.instance?.id, spare);
  await fleet.close();
});

Deno.test("requests wait for a replica that is being replaced, not for one that crashes in a loop", async () => {
  const harness = await new FleetHarness({ backoffMs: 5000 }).open();
  const { fleet, engine, clock } = harness;
  const release = engine.holdStarts();
  engine.fail("Server2");
  assertEquals([...fleet.view.awaited], ["Server2"]);
  engine.goAway();
  assertEquals([...fleet.view.awaited], []);
  engine.comeBack();
  await clock.turn(1);
  release();
  await clock.turn(1);
  assertEquals([...fleet.view.awaited], []);
  for (let life = 0; life < 3; life++) {
    engine.fail("Server2");
    await clock.turn(1);
  }
  assertFalse(fleet.view.ready.has("Server2"));
  assertEquals([...fleet.view.awaited], []);
  await fleet.close();
});

Deno.test("heartbeats alone do not take the fleet below its floor; the rest follows once others are ready", async () => {
  const harness = await new FleetHarness({ minHealthyPercent: 50 }).open();
  const { fleet, engine, sick, clock } = harness;
  const release = engine.holdStarts();
  for (const name of ["Server1", "Server2", "Server3"]) sick.add(name);
  await clock.turn(10_000);
  assertEquals(fleet.view.ready.size, 1);
  sick.clear();
  const [last = ""] = fleet.view.ready.keys();
  sick.add(last);
  release();
  await clock.turn(2000);
  assertEquals(harness.member(last)?.restarts, 1);
  await fleet.close();
});

Deno.test("a refused connection bypasses the floor", async () => {
  const harness = await new FleetHarness({ minHealthyPercent: 50 }).open();
  harness.engine.holdStarts();
  for (const name of ["Server1", "Server2", "Server3"]) {
    harness.sick.add(name);
    harness.deaf.add(name);
  }
  await harness.clock.turn(10_000);
  assertEquals(harness.fleet.view.ready.size, 0);
  await harness.fleet.abandon();
});

Deno.test("more deaths than the budget allows wait for the next minute", async () => {
  const harness = await new FleetHarness({ startsPerMinute: 2, healthySpellMs: 0 }).open();
  const { fleet, engine, clock } = harness;
  for (let death = 0; death < 3; death++) {
    engine.fail("Server1");
    await clock.turn(10);
  }
  assertFalse(fleet.view.ready.has("Server1"));
  await clock.turn(60_000);
  assert(fleet.view.ready.has("Server1"));
  await fleet.close();
});

Deno.test("a key that was in flight in three deaths in a row is quarantined for a while", async () => {
  const harness = await new FleetHarness({ quarantineMs: 5000, healthySpellMs: 0 }).open();
  const { fleet, engine, clock } = harness;
  for (const name of ["Server1", "Server2", "Server3"]) {
    const instance = harness.member(name)?.instance?.id ?? "";
    engine.fail(name);
    fleet.observe({ name, instance, kind: "reset", fresh: false, key: "poison" });
    fleet.observe({ name, instance, kind: "reset", fresh: false, key: `other of ${name}` });
    await clock.turn(1);
  }
  assertEquals([...fleet.view.quarantined], ["poison"]);
  await clock.turn(5000);
  assertEquals([...fleet.view.quarantined], []);
  await fleet.close();
});

Deno.test("a successor takes over the name while the old instance drains", async () => {
  const harness = await new FleetHarness().open();
  const { fleet, engine, plane, clock } = harness;
  const old = fleet.view.ready.get("Server2")?.instance ?? "";
  const finish = plane.occupy(old);
  const digest = fleet.view.ring.digest;
  fleet.rollout.start("Server2", { image: "new" });
  await clock.turn(1);
  assertEquals(fleet.view.ready.get("Server2")?.instance, old);
  assertEquals(engine.launches.at(-1), {
    name: "Server2",
    spare: false,
    template: { image: "new" },
  });
  fleet.rollout.takeOver("Server2");
  assertNotEquals(fleet.view.ready.get("Server2")?.instance, old);
  assertEquals(fleet.view.ring.digest, digest);
  assertFalse(engine.calls.some((call) => call.startsWith(`stop ${old}`)));
  finish();
  await clock.turn(1);
  assert(engine.calls.includes(`stop ${old} 5000`));
  assertEquals([fleet.members.length, harness.member("Server2")?.template], [3, { image: "new" }]);
  await fleet.close();
});

Deno.test("the saved state overrides running instances while the setting is unchanged", async () => {
  const open = (configured: number) => {
    const saved = { configured, names: ["Server1", "S9"], template: { image: "x" } };
    return new FleetHarness({}, undefined, new TextStore(saved)).open();
  };
  const kept = await open(3);
  assertEquals(kept.fleet.view.ring.members.toSorted(), ["S9", "Server1"]);
  assertEquals(kept.engine.launches[0]?.template, { image: "x" });
  await kept.fleet.close();
  const changed = await open(2);
  assertEquals(changed.fleet.view.ring.members.length, 3);
  assert(changed.engine.launches.every(({ template }) => template.image === "x"));
  await changed.fleet.close();
});

Deno.test("the desired state is saved once it is known and at every change, not at shutdown", async () => {
  const store = new TextStore();
  const { fleet, clock } = await new FleetHarness({}, undefined, store).open();
  const membership = new Membership({
    fleet,
    changeLock: new ChangeLock(),
    changeable: true,
    now: () => clock.now(),
  });
  await membership.remove(1, ["Server2"]);
  await fleet.close();
  assertEquals(store.texts.map((text) => JSON.parse(text).names.join()), [
    "Server1,Server2,Server3",
    "Server1,Server3",
  ]);
});

Deno.test("a restarted balancer removes exited instances and keeps their names", async () => {
  const engine = FleetHarness.memory();
  engine.leave({ id: "dead", name: "S7", spare: false });
  engine.leave({ id: "half", name: "spare.3", spare: true });
  const { fleet } = await new FleetHarness({}, engine).open();
  assert(fleet.view.ready.has("S7"));
  assertEquals(fleet.members.length, 3);
  assertEquals(await engine.remains(), []);
  await fleet.close();
});

Deno.test("an incident records a failure from its first sign to the release of held requests", async () => {
  const harness = await new FleetHarness().open();
  const { fleet, engine, clock } = harness;
  const instance = harness.member("Server3")?.instance?.id ?? "";
  fleet.observe({ name: "Server3", instance, kind: "slow", fresh: true, key: "k" });
  const release = engine.holdStarts();
  await clock.turn(100);
  engine.fail("Server3", "exit code 137");
  fleet.applied(fleet.view.version);
  fleet.count([{
    name: "Server3",
    held: 4,
    retried: 1,
    spilled: 0,
    lost: 0,
    broken: 1,
    longestHoldMs: 9,
  }]);
  release();
  await clock.turn(1);
  fleet.applied(fleet.view.version);
  const [incident] = fleet.incidents.all;
  assertEquals([incident?.name, incident?.signal, incident?.instance], [
    "Server3",
    "exit code 137",
    instance,
  ]);
  assertEquals([incident?.evidence, incident?.costs.held, incident?.costs.broken], [
    { slow: 1 },
    4,
    1,
  ]);
  assert(incident && incident.at < incident.signalAt);
  assertEquals(incident.signalAt, incident.ejectedAt);
  assertEquals(incident.createAt, incident.ejectedAt);
  assert(incident.releasedAt !== undefined && incident.readyAt !== undefined);
  assertEquals(incident.replacement, fleet.view.ready.get("Server3")?.instance);
  await fleet.close();
});

Deno.test("the event log holds every step of a replica in order", async () => {
  const harness = await new FleetHarness().open();
  const steps: string[] = [];
  harness.fleet.eventLog.listen((entry) => {
    if (entry.type === "replica") steps.push(`${entry.name} ${entry.from} ${entry.to}`);
    if (entry.type === "view") steps.push(`view of ${entry.ready.length}`);
  });
  harness.engine.fail("Server1");
  await harness.clock.turn(1);
  assertEquals(steps, [
    "Server1 ready waiting",
    "view of 2",
    "Server1 waiting starting",
    "Server1 starting warming",
    "Server1 warming ready",
    "view of 3",
  ]);
  await harness.fleet.close();
});

Deno.test("a replica that answers worse than the others is replaced, unless too few are ready", async () => {
  const sampled = (harness: FleetHarness, bad: string) =>
    [...harness.fleet.view.ready.values()].map(({ name, instance }) => ({
      instance,
      responses: 50,
      errors: name === bad ? 50 : 0,
      firstByteMs: 50,
      badKeys: name === bad ? 8 : 0,
    }));
  const harness = await new FleetHarness({ minHealthyPercent: 50 }).open();
  harness.fleet.compare(sampled(harness, "Server2"));
  assertEquals(harness.member("Server2")?.lastError?.message.slice(0, 16), "outlier: 100 % o");
  await harness.clock.turn(1);
  assertEquals([harness.member("Server2")?.restarts, harness.fleet.view.ready.size], [1, 3]);
  await harness.fleet.close();
  const strict = await new FleetHarness({ minHealthyPercent: 100 }).open();
  strict.fleet.compare(sampled(strict, "Server2"));
  await strict.clock.turn(1);
  assertEquals(strict.member("Server2")?.restarts, 0);
  await strict.fleet.close();
});

Deno.test("hung replicas make no key poisonous", async () => {
  const harness = await new FleetHarness({ healthySpellMs: 0 }).open();
  const { fleet, sick, clock } = harness;
  for (const name of ["Server1", "Server2", "Server3"]) {
    const instance = harness.member(name)?.instance?.id ?? "";
    fleet.observe({ name, instance, kind: "reset", fresh: true, key: "innocent" });
    sick.add(name);
    await clock.turn(1);
    sick.delete(name);
    await clock.turn(100);
    assertEquals(harness.member(name)?.restarts, 1);
  }
  assertEquals([...fleet.view.quarantined], []);
  await fleet.close();
});

Deno.test("a death that a refused heartbeat reveals counts for poison keys", async () => {
  const harness = await new FleetHarness({ healthySpellMs: 0 }).open();
  const { fleet, sick, deaf, clock } = harness;
  for (const name of ["Server1", "Server2", "Server3"]) {
    const instance = harness.member(name)?.instance?.id ?? "";
    sick.add(name);
    deaf.add(name);
    fleet.observe({ name, instance, kind: "reset", fresh: false, key: "poison" });
    await clock.turn(1);
    sick.delete(name);
    await clock.turn(100);
  }
  assertEquals([...fleet.view.quarantined], ["poison"]);
  await fleet.close();
});
