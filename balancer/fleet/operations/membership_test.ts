import { assert, assertEquals, assertRejects } from "@std/assert";
import { EngineError } from "../../engine/engine.ts";
import { FleetHarness } from "../harness.ts";
import { namesToAdd, namesToRemove } from "../spec/change.ts";
import { ChangeError, Membership } from "./membership.ts";
import { ChangeLock } from "./change_lock.ts";

async function open() {
  const harness = await new FleetHarness().open();
  const { fleet, engine, clock, plane } = harness;
  const now = () => clock.now();
  const membership = new Membership({ fleet, changeLock: new ChangeLock(), changeable: true, now });
  return { engine, clock, plane, fleet, membership };
}

async function kindOf(change: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => change, ChangeError)).kind;
}

Deno.test("new replicas join the ring together once all of them are ready", async () => {
  const { clock, plane, fleet, membership } = await open();
  const rings = () => new Set(plane.views.map((view) => view.ring.members.join())).size;
  assertEquals(rings(), 1);
  const added = membership.add(2, ["S4"]);
  await clock.turn(1);
  assertEquals((await added).names, ["Server1", "Server2", "Server3", "S4", "Server4"]);
  assertEquals(rings(), 2);
  assertEquals(fleet.view.ready.size, 5);
  await fleet.close();
});

Deno.test("a failed start undoes the whole change", async () => {
  const { engine, clock, fleet, membership } = await open();
  const before = fleet.view;
  engine.failNextStart(new EngineError("name-taken", "S4 is the container of another owner"));
  const refused = kindOf(membership.add(2, ["S4", "S5"]));
  await clock.turn(1);
  assertEquals(await refused, "taken");
  assertEquals(fleet.view.ring, before.ring);
  assertEquals((await engine.list()).length, 3);
  assertEquals(membership.names(), ["Server1", "Server2", "Server3"]);
  await fleet.close();
});

Deno.test("a replica that dies repeatedly before it is ready undoes the change", async () => {
  const { engine, clock, fleet, membership } = await open();
  for (let i = 0; i < 3; i++) engine.failNextStart(new EngineError("failed", "no memory"));
  const refused = kindOf(membership.add(1, []));
  await clock.turn(5000);
  assertEquals(await refused, "not-ready");
  assertEquals(fleet.members.length, 3);
  await fleet.close();
});

Deno.test("a removed replica finishes its requests before it is stopped", async () => {
  const { engine, clock, plane, fleet, membership } = await open();
  const id = fleet.view.ready.get("Server2")?.instance ?? "";
  const finish = plane.occupy(id);
  const removed = membership.remove(1, ["Server2"]);
  await clock.turn(1);
  assertEquals(fleet.view.ring.members, ["Server1", "Server3"]);
  assert(!engine.calls.some((call) => call.startsWith(`stop ${id}`)));
  finish();
  await clock.turn(1);
  assertEquals((await removed).names, ["Server1", "Server3"]);
  assert(engine.calls.includes(`stop ${id} 5000`));
  await fleet.close();
});

Deno.test("an impossible change is refused and changes nothing", async () => {
  const { engine, fleet, membership } = await open();
  const before = fleet.view;
  engine.calls.length = 0;
  assertEquals(await kindOf(membership.add(4, [])), "out-of-bounds");
  assertEquals(await kindOf(membership.add(1, ["Server1"])), "taken");
  assertEquals(await kindOf(membership.add(2, ["S4", "S4"])), "taken");
  assertEquals(await kindOf(membership.remove(4, [])), "out-of-bounds");
  assertEquals(await kindOf(membership.remove(1, ["S9"])), "unknown");
  assertEquals(await kindOf(membership.remove(2, ["Server1", "Server1"])), "taken");
  const fixed = new Membership({
    fleet,
    changeLock: new ChangeLock(),
    changeable: false,
    now: Date.now,
  });
  assertEquals(await kindOf(fixed.add(1, [])), "unsupported");
  assertEquals(await kindOf(fixed.remove(1, [])), "unsupported");
  assertEquals([fleet.view, engine.calls], [before, []]);
  await fleet.close();
});

Deno.test("concurrent changes are made one after the other", async () => {
  const { clock, fleet, membership } = await open();
  const results = Promise.allSettled([
    membership.add(3, []),
    membership.add(1, []),
    membership.remove(6, []),
    membership.add(1, ["Last"]),
  ]);
  for (let i = 0; i < 10; i++) await clock.turn(100);
  const outcome = (await results).map((result) =>
    result.status === "fulfilled" ? result.value.names.length : result.reason.kind
  );
  assertEquals(outcome, [6, "out-of-bounds", 0, 1]);
  await fleet.close();
});

Deno.test("missing names are the next free ones", () => {
  const taken = new Set(["Server1", "Server3"]);
  assertEquals(namesToAdd(3, ["Server2"], taken), ["Server2", "Server4", "Server5"]);
  assertEquals(namesToAdd(1, [], taken), ["Server2"]);
});

Deno.test("without names the newest replicas are removed", () => {
  assertEquals(namesToRemove(3, ["a"], ["a", "b", "c", "d"]), ["a", "d", "c"]);
});
