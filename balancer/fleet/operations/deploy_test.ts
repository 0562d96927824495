import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { EngineError } from "../../engine/engine.ts";
import type { DeployStep } from "../../answers/event.ts";
import { Deploys } from "./deploy.ts";
import { DeployError } from "./deploy_request.ts";
import { FleetHarness } from "../harness.ts";
import type { FleetPolicy } from "../member/policy.ts";
import type { SavedFleet } from "../store/store.ts";
import { TextStore } from "../testing.ts";
import { ChangeLock } from "./change_lock.ts";

function deploysOf({ fleet, engine, clock }: Pick<FleetHarness, "fleet" | "engine" | "clock">) {
  return new Deploys({ fleet, engine, changeLock: new ChangeLock(), now: () => clock.now() });
}

async function open(policy: Partial<FleetPolicy> = {}) {
  const harness = await new FleetHarness(policy).open();
  const { fleet, engine, clock } = harness;
  const steps: string[] = [];
  const deploys = deploysOf(harness);
  const run = (image: string) =>
    deploys.run({ image }, ({ step, name }: DeployStep) => steps.push(`${step} ${name ?? ""}`));
  return { ...harness, fleet, engine, clock, harness, steps, deploys, run };
}

Deno.test("a deploy replaces one replica after the other and does not change the ring", async () => {
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

Deno.test("after a deploy replacements, new replicas and spares run the deployed template", async () => {
  const { fleet, engine, clock, run } = await open({ spares: 1 });
  const done = run("app:2");
  await clock.turn(10);
  await done;
  await clock.turn(10);
  assertEquals(fleet.spares.map(({ template }) => template), [{ image: "app:2" }]);
  engine.fail("Server2");
  fleet.changes.add(["S4"]);
  await clock.turn(10);
  assert(fleet.members.every(({ template }) => template.image === "app:2"));
  await fleet.close();
});

Deno.test("a new instance that does not become ready rolls the deploy back", async () => {
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
  // The old instance has its name back from the failed successor.
  const kept = fleet.view.ready.get("Server2")?.instance;
  assert(engine.calls.includes(`rename ${kept} Server2`));
  await fleet.close();
});

Deno.test("the reason includes the output of an instance that ended at once", async () => {
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

Deno.test("a replica that fails during the deploy is healed and then deployed", async () => {
  const { fleet, engine, clock, run } = await open();
  const done = run("app:2");
  engine.fail("Server1");
  engine.fail("Server3");
  await clock.turn(100);
  assertEquals((await done).step, "done");
  assertEquals(fleet.view.ready.size, 3);
  await fleet.close();
});

Deno.test("a template that the engine cannot run is refused before the deploy begins", async () => {
  const { fleet } = await open();
  const make = (kind: "process" | "static") =>
    new Deploys({
      fleet,
      engine: {
        kind,
        ownsInstances: kind === "process",
        pin: (template) => Promise.resolve(template),
      },
      changeLock: new ChangeLock(),
      now: () => 0,
    });
  assertThrows(() => make("process").check({ image: "a" }), DeployError, "commands");
  make("process").check({ command: "a" });
  const options = { volumes: ["data-$SERVER_NAME:/data"] };
  assertThrows(() => make("process").check({ options }), DeployError, "got volumes");
  assertThrows(() => make("static").check({ command: "a" }), DeployError, "another system");
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

Deno.test("a new instance that does not stay ready rolls back every replica, including its own", async () => {
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

Deno.test("a deploy can set how long a new instance has to stay ready", async () => {
  const { fleet, clock, deploys } = await open({ minReadyMs: 60_000 });
  const steps: DeployStep[] = [];
  const done = deploys.run({ image: "app:2" }, (step) => steps.push(step), 200);
  await clock.turn(1000);
  assertEquals((await done).step, "done");
  assertEquals(steps.find(({ step }) => step === "watching")?.forMs, 200);
  await fleet.close();
});

/** A fleet that restarts with an unfinished deploy of `app:2`, with Server1 deployed. */
async function resumed(saved: Partial<SavedFleet>) {
  const engine = FleetHarness.memory();
  const first = await engine.start({ name: "Server1", spare: false, template: {} });
  const list = engine.list.bind(engine);
  engine.list = async () =>
    (await list()).map((one) => one.id === first.id ? { ...one, template: DEPLOYED } : one);
  for (const name of ["Server2", "Server3"]) {
    await engine.start({ name, spare: false, template: {} });
  }
  const names = ["Server1", "Server2", "Server3"];
  const store = new TextStore({ configured: 3, names, template: {}, ...saved });
  const harness = await new FleetHarness({}, engine, store).open();
  const { fleet, clock } = harness;
  const deploys = deploysOf(harness);
  const templates = () => fleet.members.map(({ template }) => template.image);
  return { harness, fleet, engine, clock, store, deploys, templates, first };
}

const DEPLOYED = { image: "app:2" };

/** A fleet whose state is saved. */
async function stored() {
  const store = new TextStore();
  const harness = await new FleetHarness({}, undefined, store).open();
  const { fleet, clock, engine } = harness;
  return { store, fleet, clock, engine, deploys: deploysOf(harness) };
}

Deno.test("a deploy is saved before its first step and removed from the state at its end", async () => {
  const { store, fleet, clock, deploys } = await stored();
  const saved: unknown[] = [];
  const done = deploys.run(DEPLOYED, () => saved.push(store.last.deploy));
  await clock.turn(10);
  assertEquals((await done).step, "done");
  assertEquals(saved.slice(0, 9), Array.from({ length: 9 }, () => DEPLOYED));
  assertEquals([store.last.template, store.last.deploy], [DEPLOYED, undefined]);
  await fleet.close();
});

Deno.test("a deploy that cannot be saved does not begin", async () => {
  const { store, fleet, clock, engine, deploys } = await stored();
  store.fault = new Error("No space left on device");
  const calls = engine.calls.length;
  const error = await assertRejects(() => deploys.run(DEPLOYED, () => {}), DeployError);
  await clock.turn(10);
  assertEquals([error.kind, engine.calls.length], ["not-saved", calls]);
  await fleet.close();
});

Deno.test("a deploy whose end cannot be saved is rolled back", async () => {
  const { store, fleet, clock, deploys } = await stored();
  const done = deploys.run(DEPLOYED, ({ step, name }) => {
    if (step === "replaced" && name === "Server3") store.fault = new Error("disk full");
  });
  await clock.turn(20);
  assertEquals((await done).step, "rolled-back");
  assert(fleet.members.every(({ template }) => template.image === undefined));
  await fleet.close();
});

Deno.test("an unfinished deploy continues after a restart and replaces only the rest", async () => {
  const { fleet, clock, store, deploys, templates, first } = await resumed({ deploy: DEPLOYED });
  assertEquals(templates(), ["app:2", undefined, undefined]);
  const done = deploys.resume();
  await clock.turn(10);
  assertEquals([(await done)?.step, templates()], ["done", ["app:2", "app:2", "app:2"]]);
  assertEquals(fleet.view.ready.get("Server1")?.instance, first.id);
  assertEquals([store.last.template, store.last.deploy], [DEPLOYED, undefined]);
  await fleet.close();
});

Deno.test("if the rest of an unfinished deploy does not become ready, every replica is rolled back", async () => {
  const { fleet, engine, clock, store, deploys, templates } = await resumed({ deploy: DEPLOYED });
  const start = engine.start.bind(engine);
  engine.start = (launch) =>
    launch.template.image === "app:2"
      ? Promise.reject(new EngineError("image-missing", "no such image"))
      : start(launch);
  const done = deploys.resume();
  await clock.turn(10);
  assertEquals([(await done)?.step, templates()], [
    "rolled-back",
    [undefined, undefined, undefined],
  ]);
  assertEquals([store.last.template, store.last.deploy], [{}, undefined]);
  await fleet.close();
});

Deno.test("instances of another template than the saved one are replaced without a deploy in progress", async () => {
  const { fleet, clock, deploys, templates } = await resumed({});
  assertEquals(templates(), ["app:2", undefined, undefined]);
  const done = deploys.resume();
  await clock.turn(10);
  assertEquals((await done)?.step, "done");
  assertEquals(templates(), [undefined, undefined, undefined]);
  assertEquals(await deploys.resume(), undefined);
  await fleet.close();
});
