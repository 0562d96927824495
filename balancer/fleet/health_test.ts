import { assert, assertEquals, assertFalse, assertMatch, assertNotEquals } from "@std/assert";
import { EngineError } from "../engine/engine.ts";
import { FleetHarness } from "./harness.ts";
import { fleetStatus } from "./operations/status.ts";

Deno.test("the exit and last lines of a replica are kept, even if a broken connection was reported first", async () => {
  const harness = await new FleetHarness().open();
  const { fleet, engine, clock } = harness;
  const instance = harness.member("Server1")?.instance?.id ?? "";
  engine.say(instance, "out of disk");
  fleet.observe({ name: "Server1", instance, kind: "refused", fresh: true, key: "k" });
  engine.fail("Server1", "exit code 3");
  await clock.turn(100);
  const { exit, outputTail, message } = harness.member("Server1")?.lastError ?? {};
  assertEquals([message, exit, outputTail], ["connection refused", "exit code 3", ["out of disk"]]);
  const [incident] = fleet.incidents.all;
  assertEquals(
    [incident?.signal, incident?.exit, incident?.outputTail],
    ["connection refused", "exit code 3", ["out of disk"]],
  );
  await fleet.close();
});

Deno.test("a hung instance that the fleet kills has no exit in its incident", async () => {
  const harness = await new FleetHarness().open();
  const { fleet, sick, clock } = harness;
  sick.add("Server1");
  await clock.turn(5000);
  sick.clear();
  await clock.turn(1000);
  assertEquals(harness.member("Server1")?.lastError?.exit, undefined);
  await fleet.close();
});

Deno.test("an incident records a replica that never became ready, and its failed starts", async () => {
  const harness = await new FleetHarness().open();
  const { fleet, engine, clock } = harness;
  for (let i = 0; i < 2; i++) engine.failNextStart(new EngineError("failed", "no room"));
  fleet.changes.add(["S4"]);
  await clock.turn(10);
  const [incident] = fleet.incidents.all;
  assertEquals(
    [incident?.name, incident?.served, incident?.failedStarts, incident?.startFailure],
    ["S4", false, 2, "no room"],
  );
  assertEquals([incident?.instance, incident?.ejectedAt], [undefined, undefined]);
  fleet.changes.withdraw(["S4"]);
  await fleet.close();
});

Deno.test("the status shows why a starting replica is not ready, and the final error includes it", async () => {
  const harness = await new FleetHarness({ startTimeoutMs: 1000 }).open();
  const { fleet, sick, clock } = harness;
  sick.add("S4");
  fleet.changes.add(["S4"]);
  await clock.turn(500);
  const status = fleetStatus(fleet, clock.now()).replicas.find(({ name }) => name === "S4");
  assertEquals([status?.start?.attempt, status?.start?.notReady], [1, "no answer"]);
  assert((status?.start?.heartbeats ?? 0) > 1);
  await clock.turn(600);
  assertMatch(
    harness.member("S4")?.lastError?.message ?? "",
    /^not ready 1000 ms after its start: no answer \(\d+ heartbeats\)$/,
  );
  sick.clear();
  fleet.changes.withdraw(["S4"]);
  await fleet.close();
});

Deno.test("a replica whose image's health check fails is replaced although it answers heartbeats", async () => {
  const harness = await new FleetHarness({ minHealthyPercent: 50 }).open();
  const { fleet, engine, clock } = harness;
  const before = harness.member("Server1")?.instance?.id;
  engine.check("Server1", "HEALTHCHECK failed 3 times in a row");
  await clock.turn(100);
  assertNotEquals(harness.member("Server1")?.instance?.id, before);
  assertEquals(fleet.incidents.all[0]?.signal, "HEALTHCHECK failed 3 times in a row");
  assertEquals(harness.plane.ready().length, 3);
  await fleet.close();
});

Deno.test("unhealthy replicas stay while the floor requires them, and leave once others are ready", async () => {
  for (const probes of [true, false]) {
    const harness = await new FleetHarness({ minHealthyPercent: 67, probes }).open();
    const { fleet, engine, clock } = harness;
    const ids = () =>
      ["Server1", "Server2", "Server3"].map((one) => harness.member(one)?.instance?.id);
    const before = ids();
    const release = engine.holdStarts();
    for (const name of ["Server1", "Server2", "Server3"]) engine.check(name, "HEALTHCHECK failed");
    await clock.turn(100);
    assertEquals(harness.plane.ready().length, 2, `probes ${probes}`);
    release();
    await clock.turn(20_000);
    assert(ids().every((id, at) => id !== before[at]), `probes ${probes}`);
    assertEquals(harness.plane.ready().length, 3);
    await fleet.close();
  }
});

Deno.test("without a health path an instance whose connections keep failing is replaced, and requests do not wait for it", async () => {
  const harness = await new FleetHarness({ probes: false }).open();
  const { fleet, sick, deaf, clock } = harness;
  await clock.turn(1000);
  const instance = harness.member("Server1")?.instance?.id ?? "";
  sick.add("Server1");
  deaf.add("Server1");
  fleet.observe({ name: "Server1", instance, kind: "refused", fresh: true, key: "k" });
  assertFalse(fleet.view.awaited.has("Server1"));
  await clock.turn(3500);
  assertEquals(harness.member("Server1")?.instance?.id, instance);
  sick.clear();
  deaf.clear();
  await clock.turn(5000);
  assertEquals(harness.member("Server1")?.instance?.id, instance, "it accepts connections again");
  sick.add("Server1");
  fleet.observe({ name: "Server1", instance, kind: "refused", fresh: true, key: "k" });
  await clock.turn(5100);
  sick.clear();
  await clock.turn(100);
  assertNotEquals(harness.member("Server1")?.instance?.id, instance);
  assertEquals(fleet.incidents.all[0]?.replacement, harness.member("Server1")?.instance?.id);
  await fleet.close();
});

Deno.test("without a health path requests wait for an instance that starts slowly", async () => {
  const harness = new FleetHarness({ probes: false, startTimeoutMs: 20_000 });
  const { fleet, sick, clock } = harness;
  for (const name of ["Server1", "Server2", "Server3"]) sick.add(name);
  await fleet.open();
  await clock.turn(100);
  const instance = harness.member("Server1")?.instance?.id ?? "";
  fleet.observe({ name: "Server1", instance, kind: "refused", fresh: true, key: "k" });
  assert(fleet.view.awaited.has("Server1"));
  await clock.turn(12_000);
  assertFalse(fleet.view.awaited.has("Server1"));
  assertEquals(harness.member("Server1")?.instance?.id, instance);
  sick.clear();
  await clock.turn(1000);
  assert(fleet.view.ready.has("Server1"));
  await fleet.close();
});

Deno.test("a wall clock that is set back delays nothing, and dates follow it", async () => {
  const harness = await new FleetHarness({ backoffMs: 1000, startsPerMinute: 4 }).open();
  const { fleet, engine, clock } = harness;
  for (let i = 0; i < 4; i++) engine.failNextStart(new EngineError("failed", "no room"));
  engine.fail("Server1");
  await clock.turn(10);
  clock.setDate(-3_600_000);
  const { nextStart } = fleetStatus(fleet, clock.now()).replicas[0] ?? {};
  assert(Date.parse(nextStart ?? "") < 0, `${nextStart}`);
  // The backoff ends, and the exhausted budget of starts refills.
  await clock.turn(70_000);
  assert(fleet.view.ready.has("Server1"));
  await fleet.close();
});
