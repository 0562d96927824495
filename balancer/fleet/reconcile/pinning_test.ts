import { assertEquals } from "@std/assert";
import type { DeployStep } from "../../answers/event.ts";
import { EngineError } from "../../engine/engine.ts";
import { Deploys } from "../operations/deploy.ts";
import type { DeployRequest } from "../operations/deploy_request.ts";
import { FleetHarness, TEST_SHAPE } from "../harness.ts";
import { TextStore } from "../testing.ts";
import { ChangeLock } from "../operations/change_lock.ts";

const SETTINGS = { image: "app:1" };
const V1 = "sha256:v1";
const V2 = "sha256:v2";

/** A fleet of an image whose tag is `sha256:v1` at first. */
async function open(store = new TextStore(), engine = FleetHarness.memory()) {
  if (!engine.images.has("app:1")) engine.images.set("app:1", V1);
  const harness = new FleetHarness({ minReadyMs: 0 }, engine, store, TEST_SHAPE, SETTINGS);
  await harness.open();
  const { fleet, clock } = harness;
  const deploys = new Deploys({
    fleet,
    engine,
    changeLock: new ChangeLock(),
    now: () => clock.now(),
  });
  const steps: DeployStep[] = [];
  const deploy = async (request: DeployRequest) => {
    const done = deploys.run(request, (step) => steps.push(step));
    await clock.turn(20);
    return (await done).step;
  };
  const images = () => fleet.members.map(({ template }) => template.imageId);
  return { harness, fleet, clock, engine, store, deploy, steps, images };
}

Deno.test("the image of the first start is pinned for every later start", async () => {
  const { fleet, clock, engine, store, images } = await open();
  assertEquals(fleet.template, { ...SETTINGS, imageId: V1 });
  await clock.turn(1);
  assertEquals(store.last.template, { ...SETTINGS, imageId: V1 });
  engine.images.set("app:1", V2);
  engine.fail("Server2");
  fleet.changes.add(["S4"]);
  await clock.turn(10);
  assertEquals(images(), [V1, V1, V1, V1]);
  assertEquals(engine.launches.slice(3).map(({ template }) => template.imageId), [V1, V1]);
  await fleet.close();
});

Deno.test("a deploy of a moved tag pins its new image", async () => {
  const { fleet, engine, store, deploy, images } = await open();
  engine.images.set("app:1", V2);
  assertEquals(await deploy(SETTINGS), "done");
  assertEquals([images(), fleet.template.imageId], [[V2, V2, V2], V2]);
  assertEquals(store.last.template, { ...SETTINGS, imageId: V2 });
  await fleet.close();
});

Deno.test("a rollback restores the earlier images although their tag has moved", async () => {
  const { fleet, engine, deploy, images } = await open();
  engine.images.set("app:1", V2);
  const start = engine.start.bind(engine);
  engine.start = (launch) =>
    launch.name === "Server3" && launch.template.imageId === V2
      ? Promise.reject(new EngineError("failed", "no space"))
      : start(launch);
  assertEquals(await deploy(SETTINGS), "rolled-back");
  assertEquals([images(), fleet.template.imageId], [[V1, V1, V1], V1]);
  await fleet.close();
});

Deno.test("a deploy whose image cannot be resolved replaces nothing, and its last step has the reason", async () => {
  const { fleet, engine, deploy, steps, images } = await open();
  engine.pin = (_, onProgress) => {
    onProgress?.("pulling app:9 from docker.io");
    return Promise.reject(new EngineError("image-missing", "no app:9"));
  };
  assertEquals(await deploy({ image: "app:9" }), "rolled-back");
  assertEquals(steps, [
    { step: "pulling", reason: "pulling app:9 from docker.io" },
    { step: "rolled-back", reason: "no app:9" },
  ]);
  assertEquals(images(), [V1, V1, V1]);
  await fleet.close();
});

Deno.test("a deploy changes what it names, and null goes back to the settings", async () => {
  const { fleet, engine, deploy } = await open();
  engine.images.set("app:2", V2);
  await deploy({ command: "run", options: { pids: 9 } });
  assertEquals(fleet.template, { ...SETTINGS, imageId: V1, command: "run", options: { pids: 9 } });
  await deploy({ image: "app:2" });
  assertEquals(fleet.template, {
    ...{ image: "app:2", imageId: V2, command: "run", options: { pids: 9 } },
  });
  await deploy({ command: null, options: null });
  assertEquals(fleet.template, { image: "app:2", imageId: V2 });
  await fleet.close();
});

Deno.test("a restarted balancer keeps the running image although its tag has moved", async () => {
  const first = await open();
  await first.clock.turn(1);
  await first.fleet.abandon();
  first.engine.images.set("app:1", V2);
  for (const store of [first.store, new TextStore()]) {
    const { fleet, images } = await open(store, first.engine);
    assertEquals([images(), fleet.template.imageId], [[V1, V1, V1], V1]);
    await fleet.abandon();
  }
});

Deno.test("a balancer that finds no instance resolves the tag of the settings again", async () => {
  const first = await open();
  await first.clock.turn(1);
  await first.fleet.close();
  first.engine.images.set("app:1", V2);
  const { fleet, images } = await open(first.store, first.engine);
  assertEquals([images(), fleet.template.imageId], [[V2, V2, V2], V2]);
  await fleet.close();
});
