import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import type { Ring } from "../../ring/mod.ts";
import { slotsOf } from "./spec/ring_spec.ts";
import { Deploys } from "./operations/deploy.ts";
import { FleetHarness } from "./harness.ts";
import { ChangeError, Membership } from "./operations/membership.ts";
import type { FleetPolicy } from "./member/policy.ts";
import { fleetStatus } from "./operations/status.ts";
import { ChangeLock } from "./operations/change_lock.ts";

const SLOW: Partial<FleetPolicy> = { slowStartMs: 1000, heartbeatMs: 1e6 };

async function open(policy: Partial<FleetPolicy> = SLOW) {
  const harness = await new FleetHarness(policy).open();
  const { fleet, clock } = harness;
  const changeLock = new ChangeLock();
  const now = () => clock.now();
  const membership = new Membership({ fleet, changeLock, changeable: true, now });
  return { harness, fleet, clock, changeLock, now, membership };
}

function share(ring: Ring, name: string): number {
  return (slotsOf(ring).get(name) ?? 0) / ring.slots;
}

Deno.test("the first replicas start at once", async () => {
  const { harness, fleet, clock } = await open();
  const { version, ring } = fleet.view;
  assertEquals(fleet.view.ready.get("Server1")?.ramp, undefined);
  await clock.turn(2000);
  assertEquals([fleet.view.version, fleet.view.ring], [version, ring]);
  await harness.fleet.close();
});

Deno.test("a new replica gets its slots in ten steps, each of them one view", async () => {
  const { fleet, clock, harness, membership } = await open();
  const added = membership.add(1, ["Big"], { Big: 3 });
  await clock.turn(1);
  await added;
  const { version } = fleet.view;
  const shares = [share(fleet.view.ring, "Big")];
  const start = harness.member("Big")?.slotRampSince ?? 0;
  await clock.turn(start + 99 - clock.now());
  assertEquals(fleet.view.version, version);
  await clock.turn(1);
  for (let step = 1; step <= 10; step++) {
    assertEquals(fleet.view.version, version + step);
    shares.push(share(fleet.view.ring, "Big"));
    await clock.turn(100);
  }
  const expected = Array.from({ length: 11 }, (_, k) => 3 * (10 + 9 * k) / 100);
  shares.forEach((one, k) => {
    const weight = expected[k]!;
    assert(Math.abs(one - weight / (3 + weight)) <= 1 / 512, `step ${k}: ${one}`);
  });
  await clock.turn(5000);
  assertEquals(fleet.view.version, version + 10);
  assertEquals(fleet.view.ready.get("Big")?.ramp, undefined);
  await fleet.close();
});

Deno.test("a weight that was 0 grows in steps, any other weight changes at once", async () => {
  const { fleet, clock, membership } = await open();
  await membership.weigh({ Server1: 3 });
  assert(Math.abs(share(fleet.view.ring, "Server1") - 3 / 5) < 0.01);
  await membership.weigh({ Server2: 0 });
  assertEquals(share(fleet.view.ring, "Server2"), 0);
  await membership.weigh({ Server2: 1 });
  assert(Math.abs(share(fleet.view.ring, "Server2") - 0.1 / 4.1) < 0.01);
  await clock.turn(1000);
  assert(Math.abs(share(fleet.view.ring, "Server2") - 1 / 5) < 0.01);
  await fleet.close();
});

Deno.test("in layout ring a new replica has at least one virtual server", async () => {
  const { fleet, clock, membership } = await open();
  await membership.reshape({ layout: "ring", virtualServers: 4 });
  const added = membership.add(1, []);
  await clock.turn(1);
  await added;
  const points = () => fleet.view.ring.virtualServers.filter(({ member }) => member === "Server4");
  assertEquals(points().length, 1);
  await clock.turn(1000);
  assertEquals(points().length, 4);
  await fleet.close();
});

Deno.test("a replacement keeps its slots and reaches its load in steps", async () => {
  const { harness, fleet, clock } = await open();
  const { ring } = fleet.view;
  harness.engine.fail("Server2");
  await clock.turn(1);
  const ramps: unknown[] = [];
  const { version } = fleet.view;
  const start = harness.member("Server2")?.loadRampSince ?? NaN;
  for (let step = 0; step <= 10; step++) {
    ramps.push(fleet.view.ready.get("Server2")?.ramp);
    assertEquals([fleet.view.version, fleet.view.ring], [version + step, ring]);
    await clock.turn(start + 100 * (step + 1) - clock.now());
  }
  assertEquals(ramps, [0.1, 0.19, 0.28, 0.37, 0.46, 0.55, 0.64, 0.73, 0.82, 0.91, undefined]);
  await fleet.close();
});

Deno.test("a promoted spare reaches its load in steps, with probes and without", async () => {
  for (const probes of [true, false]) {
    const { harness, fleet, clock } = await open({ ...SLOW, probes, spares: 1 });
    const { digest } = fleet.view.ring;
    harness.engine.fail("Server3");
    await clock.turn(1);
    const { ring, ready } = fleet.view;
    assertEquals([ring.digest, ready.get("Server3")?.ramp], [digest, 0.1]);
    await clock.turn(1000);
    assertEquals(fleet.view.ready.get("Server3")?.ramp, undefined);
    await fleet.close();
  }
});

Deno.test("with engine static a replica that recovers reaches its load in steps", async () => {
  const engine = FleetHarness.memory();
  for (const name of ["Server1", "Server2"]) {
    await engine.start({ name, spare: false, template: {} });
  }
  const harness = await new FleetHarness({ slowStartMs: 1000, replaces: false }, engine).open();
  const { fleet, clock } = harness;
  const { ring } = fleet.view;
  harness.sick.add("Server1");
  await clock.turn(6000);
  assertFalse(fleet.view.ready.has("Server1"));
  harness.sick.delete("Server1");
  for (let ms = 0; ms < 3000 && !fleet.view.ready.has("Server1"); ms++) await clock.turn(1);
  const ramps = [...fleet.view.ready.values()].map(({ ramp }) => ramp).filter(Boolean);
  assertEquals([fleet.view.ring, ramps.length], [ring, 1]);
  await clock.turn(1000);
  assertEquals(fleet.view.ready.get("Server1")?.ramp, undefined);
  await fleet.close();
});

Deno.test("an instance of a deploy reaches its load in steps, and the digest stays", async () => {
  const { harness, fleet, clock, changeLock, now } = await open();
  const { digest } = fleet.view.ring;
  const deploys = new Deploys({ fleet, engine: harness.engine, changeLock, now });
  const done = deploys.run({ image: "new" }, () => {});
  await clock.turn(50);
  await done;
  const ramps = [...fleet.view.ready.values()].map(({ ramp }) => ramp);
  assertEquals([ramps, fleet.view.ring.digest], [[0.1, 0.1, 0.1], digest]);
  await clock.turn(1000);
  assertFalse([...fleet.view.ready.values()].some(({ ramp }) => ramp !== undefined));
  await fleet.close();
});

Deno.test("a replica that dies before it joins the ring is new, and starts slowly as a new one", async () => {
  const { harness, fleet, clock, membership } = await open();
  const release = harness.engine.holdStarts();
  const added = membership.add(2, ["S4", "S5"]);
  await clock.turn(1);
  release();
  await clock.turn(1);
  await added;
  assertEquals(fleet.view.ready.get("S4")?.ramp, undefined);
  harness.engine.fail("S4");
  await clock.turn(1);
  assertEquals(fleet.view.ready.get("S4")?.ramp, 0.1);
  await fleet.close();
});

Deno.test("without a slow start a change or a replacement is followed by no other view", async () => {
  const { harness, fleet, clock, membership } = await open({ heartbeatMs: 1e6 });
  const added = membership.add(1, []);
  await clock.turn(1);
  await added;
  harness.engine.fail("Server1");
  await clock.turn(1);
  const { version, ready } = fleet.view;
  assertFalse([...ready.values()].some((upstream) => "ramp" in upstream));
  await clock.turn(100_000);
  assertEquals(fleet.view.version, version);
  await fleet.close();
});

Deno.test("a plan describes the ring after the slow start, and is stale at the next step", async () => {
  const { fleet, clock, membership } = await open();
  const plan = membership.plan({ add: 1 });
  const applied = membership.apply(plan.id);
  await clock.turn(1);
  const { digest, moved } = await applied;
  assertEquals(digest, fleet.view.ring.digest);
  assert(moved.share < plan.moved.share / 3, "one step of it");
  const late = membership.plan({ weights: { Server1: 2 } });
  await clock.turn(100);
  const error = await assertRejects(() => membership.apply(late.id), ChangeError);
  assertEquals(error.kind, "stale");
  await clock.turn(1000);
  assertEquals(fleet.view.ring.digest, plan.after.digest);
  await fleet.close();
});

Deno.test("the status shows the slow start of each replica", async () => {
  const { harness, fleet, clock, membership } = await open();
  const added = membership.add(1, ["Big"], { Big: 3 });
  await clock.turn(1);
  await added;
  harness.engine.fail("Server1");
  await clock.turn(1);
  const facts = () =>
    fleetStatus(fleet, clock.now()).replicas.map(({ name, weight, slots, ramp }) =>
      [name, weight, slots, ramp] as const
    );
  assertEquals(facts(), [
    ["Server1", 1, 155, 0.1],
    ["Server2", 1, 155, 1],
    ["Server3", 1, 155, 1],
    ["Big", 3, 47, 0.1],
  ]);
  await clock.turn(1000);
  assertEquals(facts().map(([, , slots, ramp]) => [slots, ramp]), [[86, 1], [85, 1], [85, 1], [
    256,
    1,
  ]]);
  await fleet.close();
});
