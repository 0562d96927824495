import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { EngineError } from "../engine/engine.ts";
import type { DeployStep } from "../answers/event.ts";
import { DeployError, Deploys } from "./deploy.ts";
import { FleetBench } from "./fleet_bench.ts";
import type { FleetPolicy } from "./policy.ts";
import { Turns } from "./turns.ts";

async function open(policy: Partial<FleetPolicy> = {}) {
  const bench = await new FleetBench(policy).open();
  const { fleet, engine, clock } = bench;
  const steps: string[] = [];
  const deploys = new Deploys({ fleet, engine, turns: new Turns(), now: () => clock.now() });
  const run = (image: string) =>
    deploys.run({ image }, ({ step, name }: DeployStep) => steps.push(`${step} ${name ?? ""}`));
  return { ...bench, fleet, engine, clock, bench, steps, deploys, run };
}

Deno.test("a deploy replaces one replica after the other, and the ring stays as it is", async () => {
  const { fleet, engine, clock, plane, steps, run } = await open();
  const before = { digest: fleet.view.ring.digest, ready: fleet.view.ready };
  const done = run("app:2");
  await clock.turn(10);
  assertEquals(await done, { step: "done" });
  assertEquals(
    steps,
    ["Server1", "Server2", "Server3"]
      .flatMap((name) => [`starting ${name}`, `draining ${name}`, `replaced ${name}`])
      .concat("done "),
  );
  assertEquals(fleet.view.ring.digest, before.digest);
  for (const [name, { instance }] of fleet.view.ready) {
    assertNotEquals(instance, before.ready.get(name)?.instance);
  }
  assertEquals(plane.views.every(({ ready, version }) => ready.size === 3 || version <= 4), true);
  assertEquals(engine.launches.slice(-3).map(({ template }) => template.image), [
    "app:2",
    "app:2",
    "app:2",
  ]);
  assertEquals((await engine.list()).length, 3);
  await fleet.close();
});

Deno.test("what heals after a deploy runs what was deployed, and so do new replicas and spares", async () => {
  const { fleet, engine, clock, run } = await open({ spares: 1 });
  const done = run("app:2");
  await clock.turn(10);
  await done;
  await clock.turn(10);
  assertEquals(fleet.spares.map(({ template }) => template), [{ image: "app:2" }]);
  engine.fail("Server2");
  fleet.enlist(["S4"]);
  await clock.turn(10);
  assert(fleet.members.every(({ template }) => template.image === "app:2"));
  await fleet.close();
});

Deno.test("a new instance that does not become ready ends the deploy, and what was replaced goes back", async () => {
  const { fleet, engine, clock, steps, run } = await open();
  const start = engine.start.bind(engine);
  let starts = 0;
  engine.start = (launch) => {
    if (launch.template.image === "app:2" && ++starts === 2) {
      return Promise.reject(new EngineError("image-missing", "no such image"));
    }
    return start(launch);
  };
  const digest = fleet.view.ring.digest;
  const ended = run("app:2");
  await clock.turn(10);
  assertEquals(await ended, {
    step: "rolled-back",
    name: "Server2",
    reason: "Server2 did not become ready: no such image",
  });
  assertEquals(steps, [
    "starting Server1",
    "draining Server1",
    "replaced Server1",
    "starting Server2",
    "rolling-back Server2",
    "starting Server1",
    "draining Server1",
    "replaced Server1",
    "rolled-back Server2",
  ]);
  assertEquals([fleet.view.ring.digest, fleet.view.ready.size], [digest, 3]);
  assert(fleet.members.every(({ template }) => template.image === undefined));
  assertEquals((await engine.list()).length, 3);
  // What serves got its name back from the successor that failed.
  const kept = fleet.view.ready.get("Server2")?.instance;
  assert(engine.calls.includes(`rename ${kept} Server2`));
  await fleet.close();
});

Deno.test("the reason says what an instance wrote that ended at once", async () => {
  const { fleet, engine, clock, run } = await open();
  const start = engine.start.bind(engine);
  engine.start = async (launch) => {
    const instance = await start(launch);
    if (launch.template.image !== "app:2") return instance;
    engine.say(instance.id, "config: no such key");
    engine.fail(launch.name, "exit code 1");
    return instance;
  };
  const ended = run("app:2");
  await clock.turn(3000);
  assertEquals(
    (await ended).reason?.startsWith("Server1 did not become ready: exit code 1; it wrote: "),
    true,
  );
  await fleet.close();
});

Deno.test("deploys wait for each other", async () => {
  const { fleet, clock, run } = await open();
  const [first, second] = [run("app:2"), run("app:3")];
  await clock.turn(50);
  assertEquals([(await first).step, (await second).step], ["done", "done"]);
  assert(fleet.members.every(({ template }) => template.image === "app:3"));
  await fleet.close();
});

Deno.test("a replica that fails during the deploy is healed, and deployed all the same", async () => {
  const { fleet, engine, clock, run } = await open();
  const done = run("app:2");
  engine.fail("Server1");
  engine.fail("Server3");
  await clock.turn(100);
  assertEquals((await done).step, "done");
  assertEquals(fleet.view.ready.size, 3);
  await fleet.close();
});

Deno.test("what the engine cannot run is refused before anything is done", async () => {
  const { fleet } = await open();
  const make = (kind: "process" | "static") =>
    new Deploys({
      fleet,
      engine: { kind, ownsInstances: kind === "process" },
      turns: new Turns(),
      now: () => 0,
    });
  assertThrows(() => make("process").check({ image: "a" }), DeployError, "commands");
  make("process").check({ command: "a" });
  assertThrows(() => make("static").check({ command: "a" }), DeployError, "somebody else");
  await fleet.close();
});

Deno.test("a deploy waits until each new instance has stayed ready, and says so", async () => {
  const { fleet, clock, steps, run } = await open({ minReadyMs: 5000 });
  const done = run("app:2");
  await clock.turn(4000);
  assertEquals(steps.slice(-2), ["replaced Server1", "watching Server1"]);
  await clock.turn(1010);
  assertEquals(steps.at(-1), "watching Server2");
  await clock.turn(11_000);
  assertEquals((await done).step, "done");
  await fleet.close();
});

Deno.test("a new instance that does not stay ready takes the deploy back, its own replica too", async () => {
  const { fleet, engine, clock, steps, run } = await open({ minReadyMs: 5000 });
  const done = run("app:2");
  await clock.turn(6000);
  assertEquals(steps.at(-1), "watching Server2");
  engine.say(fleet.view.ready.get("Server2")?.instance ?? "", "no db");
  engine.fail("Server2", "exit code 3");
  await clock.turn(1000);
  assertEquals(await done, {
    step: "rolled-back",
    name: "Server2",
    reason: "Server2 did not stay ready for 5000 ms: exit code 3; it wrote: no db",
  });
  assert(fleet.members.every(({ template }) => template.image === undefined));
  assertEquals(fleet.view.ready.size, 3);
  await fleet.close();
});

Deno.test("a call of a deploy may say how long a new instance has to stay ready", async () => {
  const { fleet, clock, deploys } = await open({ minReadyMs: 60_000 });
  const steps: DeployStep[] = [];
  const done = deploys.run({ image: "app:2" }, (step) => steps.push(step), 200);
  await clock.turn(1000);
  assertEquals((await done).step, "done");
  assertEquals(steps.find(({ step }) => step === "watching")?.forMs, 200);
  await fleet.close();
});
