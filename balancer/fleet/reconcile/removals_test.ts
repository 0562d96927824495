import { assert, assertEquals, assertRejects } from "@std/assert";
import { EngineError } from "../../engine/engine.ts";
import { FleetHarness } from "../harness.ts";
import { Membership } from "../operations/membership.ts";
import { fleetStatus } from "../operations/status.ts";
import { ChangeLock } from "../operations/change_lock.ts";

async function open() {
  const harness = await new FleetHarness().open();
  const { fleet, engine, clock } = harness;
  const now = () => clock.now();
  const membership = new Membership({ fleet, changeLock: new ChangeLock(), changeable: true, now });
  return { ...harness, harness, fleet, engine, clock, membership };
}

Deno.test("a stopped instance that cannot be removed delays neither the removal of its replica nor the next change", async () => {
  const { harness, fleet, engine, clock, membership, failures } = await open();
  const id = harness.member("Server2")!.instance!.id;
  engine.stuck.add(id);
  assertEquals((await membership.remove(1, ["Server2"])).names, ["Server1", "Server3"]);
  const added = membership.add(1, ["Server2"]);
  await clock.turn(1);
  assertEquals((await added).names, ["Server1", "Server3", "Server2"]);
  const [removal] = fleetStatus(fleet, clock.now()).removals;
  assertEquals([removal?.instance, removal?.name, removal?.failed], [id, "Server2", 1]);
  assertEquals(removal?.error, `removal of ${id} is already in progress`);
  assert(failures.actions.every((action) => action === "engine.remove"));
  engine.stuck.delete(id);
  await clock.turn(1000);
  assertEquals(fleet.removals, []);
  assertEquals(engine.calls.at(-1), `stop ${id} 0`);
  await fleet.close();
});

Deno.test("a failed removal is retried after one second, two, four, up to every half minute", async () => {
  const { harness, engine, clock, fleet, membership } = await open();
  const id = harness.member("Server2")!.instance!.id;
  engine.stuck.add(id);
  await membership.remove(1, ["Server2"]);
  const tries = () => engine.calls.filter((call) => call.startsWith(`stop ${id}`)).length;
  const seen: number[] = [];
  for (const ms of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    await clock.turn(ms);
    seen.push(tries());
  }
  assertEquals(seen, [2, 3, 4, 5, 6, 7, 8]);
  engine.stuck.clear();
  await clock.turn(30_000);
  await fleet.close();
});

Deno.test("a deploy continues although an old instance cannot be removed", async () => {
  const { harness, engine, clock, fleet } = await open();
  for (const { instance } of fleet.members) engine.stuck.add(instance!.id);
  fleet.rollout.start("Server1", { image: "app:2" });
  await clock.turn(1);
  fleet.rollout.takeOver("Server1");
  await clock.turn(1);
  assertEquals(harness.member("Server1")?.retiring, []);
  assertEquals(fleet.removals.length, 1);
  engine.stuck.clear();
  await clock.turn(1000);
  await fleet.close();
});

Deno.test("closing waits a bounded time for removals, and the error names the rest", async () => {
  const { harness, engine, clock, fleet } = await open();
  const id = harness.member("Server2")!.instance!.id;
  engine.stuck.add(id);
  const closed = assertRejects(() => fleet.close(), Error, `did not remove Server2 (${id})`);
  await clock.turn(20_000);
  await closed;
  assertEquals(await engine.list(), []);
});

Deno.test("closing removes the instances of the fleet that belong to no replica", async () => {
  const { engine, clock, fleet } = await open();
  engine.leave({ id: "lost", name: "Server9", spare: false });
  const closed = fleet.close();
  await clock.turn(1);
  await closed;
  assertEquals(await engine.remains(), []);
});

Deno.test("a failed stop ends its action with a failure, and the stop is planned again", async () => {
  const { engine, clock, fleet, membership } = await open();
  const stop = engine.stop.bind(engine);
  engine.stop = () => Promise.reject(new EngineError("failed", "cannot stop it"));
  const removed = membership.remove(1, ["Server2"]);
  await clock.turn(1);
  assertEquals(fleet.removals, []);
  engine.stop = stop;
  await clock.turn(2000);
  assertEquals((await removed).names, ["Server1", "Server3"]);
  await fleet.close();
});
