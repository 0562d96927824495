import { assert, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { EngineError } from "../engine/engine.ts";
import { MemoryEngine } from "../engine/memory.ts";
import { Fleet } from "./fleet.ts";
import type { FleetPolicy } from "./policy.ts";
import type { Probe } from "./probe.ts";
import { quietLog, TestClock, TestDataPlane, TestFailures, testPolicy } from "./testing.ts";

/** A fleet on an engine in memory, a clock that is turned by hand and heartbeats that can fail. */
class Bench {
  readonly engine: MemoryEngine;
  readonly clock = new TestClock();
  readonly plane = new TestDataPlane();
  readonly failures = new TestFailures();
  /** Hosts whose heartbeats are missed. */
  readonly sick = new Set<string>();
  readonly fleet: Fleet;
  heartbeats = 0;

  constructor(policy: Partial<FleetPolicy> = {}, engine?: MemoryEngine) {
    this.engine = engine ?? Bench.memory();
    const probe: Probe = ({ hostname }) => {
      this.heartbeats++;
      return Promise.resolve(this.sick.has(hostname) ? "no answer" : undefined);
    };
    this.fleet = new Fleet({
      engine: this.engine,
      dataPlane: this.plane,
      shape: { slots: 512 },
      policy: testPolicy(policy),
      desired: 3,
      limit: 6,
      probe,
      clock: this.clock,
      log: quietLog,
      failures: this.failures,
    });
  }

  static memory(): MemoryEngine {
    return new MemoryEngine((name) => ({ hostname: name, port: 1 }));
  }

  async open(): Promise<this> {
    await this.fleet.open();
    await this.clock.turn(1);
    return this;
  }

  member(name: string) {
    return this.fleet.members.find((member) => member.name === name);
  }
}

Deno.test("a new fleet starts the desired replicas and publishes each once it is well", async () => {
  const { fleet, plane } = await new Bench().open();
  assertEquals(plane.ready().sort(), ["Server1", "Server2", "Server3"]);
  assertEquals(fleet.view.ring.members, ["Server1", "Server2", "Server3"]);
  await fleet.close();
});

Deno.test("a killed replica leaves the view, and its name and slots come back as they were", async () => {
  const bench = await new Bench().open();
  const { fleet, engine, clock } = bench;
  const before = { digest: fleet.view.ring.digest, id: bench.member("Server2")?.instance?.id };
  const release = engine.holdStarts();
  engine.kill("Server2");
  assertEquals([...fleet.view.ready.keys()].sort(), ["Server1", "Server3"]);
  assertEquals(fleet.view.ring.digest, before.digest);
  release();
  await clock.turn(1);
  assert(fleet.view.ready.has("Server2"));
  assertEquals(fleet.view.ring.digest, before.digest);
  assertNotEquals(fleet.view.ready.get("Server2")?.instance, before.id);
  await fleet.close();
});

Deno.test("a hung replica is out of the view before it is stopped, and is started again", async () => {
  const bench = await new Bench().open();
  const { fleet, engine, plane, sick, clock } = bench;
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
  assertEquals(engine.calls, ["stop Server1#1 0", "start Server1"]);
  assert(fleet.view.ready.has("Server1"));
  await fleet.close();
});

Deno.test("a refused connection takes the replica out at once, stale evidence does nothing", async () => {
  const bench = await new Bench().open();
  const { fleet, engine, clock } = bench;
  fleet.observe({ name: "Server3", instance: "Server3#0", kind: "refused", fresh: true, key: "k" });
  assert(fleet.view.ready.has("Server3"));
  const release = engine.holdStarts();
  const instance = bench.member("Server3")?.instance?.id ?? "";
  fleet.observe({ name: "Server3", instance, kind: "refused", fresh: true, key: "k" });
  assertFalse(fleet.view.ready.has("Server3"));
  release();
  await clock.turn(1);
  assert(fleet.view.ready.has("Server3"));
  await fleet.close();
});

Deno.test("a reset connection brings the next heartbeat forward", async () => {
  const bench = await new Bench().open();
  const before = bench.heartbeats;
  const instance = bench.member("Server1")?.instance?.id ?? "";
  bench.fleet.observe({ name: "Server1", instance, kind: "reset", fresh: true, key: "k" });
  await bench.clock.turn(0);
  assertEquals(bench.heartbeats, before + 1);
  await bench.fleet.close();
});

Deno.test("a replica that keeps dying is started ever more rarely", async () => {
  const bench = new Bench({ backoffMs: 1000, backoffMaxMs: 8000 });
  bench.sick.add("Server2");
  await bench.open();
  const { engine, clock } = bench;
  engine.calls.length = 0;
  for (let second = 0; second < 60; second++) {
    engine.kill("Server2", "exit code 1");
    await clock.turn(1000);
  }
  const starts = engine.calls.filter((call) => call === "start Server2").length;
  assert(starts <= 12, `${starts} starts in a minute`);
  assertEquals(bench.member("Server2")?.lastError?.message, "exit code 1");
  await bench.fleet.close();
});

Deno.test("an engine that is away takes nobody out of the view, and is called until it answers", async () => {
  const bench = await new Bench().open();
  const { fleet, engine, clock } = bench;
  engine.goAway();
  assertFalse(fleet.engineUp);
  await clock.turn(10_000);
  assertEquals(fleet.view.ready.size, 3);
  engine.kill("Server1");
  engine.comeBack();
  await clock.turn(1);
  assert(fleet.engineUp);
  assertEquals(fleet.view.ready.size, 3);
  assertEquals(bench.member("Server1")?.restarts, 1);
  await fleet.close();
});

Deno.test("a replica that fails while the engine is away is replaced when the engine is back", async () => {
  const bench = await new Bench().open();
  const { fleet, engine, sick, clock } = bench;
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

Deno.test("a fleet that opens on an absent engine begins when the engine comes", async () => {
  const bench = new Bench();
  bench.engine.goAway();
  await bench.open();
  assertEquals([bench.fleet.view.ready.size, bench.fleet.desired], [0, 3]);
  bench.engine.comeBack();
  await bench.clock.turn(1);
  assertEquals(bench.fleet.view.ready.size, 3);
  await bench.fleet.close();
});

Deno.test("what runs already is taken over and nothing is doubled", async () => {
  const engine = Bench.memory();
  for (const name of ["Server2", "S9"]) await engine.start(name);
  engine.calls.length = 0;
  const { fleet } = await new Bench({}, engine).open();
  assertEquals(engine.calls, ["start Server1"]);
  assertEquals(fleet.view.ring.members.toSorted(), ["S9", "Server1", "Server2"]);
  assertEquals(fleet.view.ready.get("S9")?.instance, "S9#2");
  await fleet.close();
});

Deno.test("of more running replicas than there is room for, the last are stopped", async () => {
  const engine = Bench.memory();
  for (let k = 1; k <= 8; k++) await engine.start(`Server${k}`);
  const { fleet } = await new Bench({}, engine).open();
  assertEquals(fleet.view.ready.size, 6);
  assertEquals((await engine.list()).map(({ name }) => name).includes("Server8"), false);
  await fleet.close();
});

Deno.test("a fault in one step is recorded and does not stop the next", async () => {
  const bench = await new Bench().open();
  const { fleet, engine, plane, clock, failures } = bench;
  plane.publish = () => {
    throw new Error("a worker is gone");
  };
  engine.kill("Server1");
  assert(failures.actions.includes("fleet.step"));
  plane.publish = (view) => void plane.views.push(view);
  engine.kill("Server2");
  await clock.turn(1);
  assertEquals(plane.ready().length, 3);
  await fleet.close();
});

Deno.test("a start that fails is tried again and its reason is kept", async () => {
  const bench = new Bench();
  bench.engine.failNextStart(new EngineError("image-missing", "no such image"));
  await bench.open();
  await bench.clock.turn(1000);
  assertEquals(bench.fleet.view.ready.size, 3);
  const errors = bench.fleet.members.map((member) => member.lastError?.message);
  assertEquals(errors.filter(Boolean), ["no such image"]);
  assertEquals(bench.failures.actions, ["engine.start"]);
  await bench.fleet.close();
});

Deno.test("an instance nobody wants is stopped when the engine is listed anew", async () => {
  const bench = await new Bench().open();
  await bench.engine.start("Stray");
  bench.engine.comeBack();
  await bench.clock.turn(1);
  assert(bench.engine.calls.some((call) => call.startsWith("stop Stray#")));
  assertEquals(bench.fleet.members.length, 3);
  await bench.fleet.close();
});

Deno.test("closing stops every replica", async () => {
  const { fleet, engine } = await new Bench().open();
  await fleet.close();
  assertEquals(await engine.list(), []);
});

Deno.test("abandoning leaves every replica as it is", async () => {
  const { fleet, engine } = await new Bench().open();
  await fleet.abandon();
  assertEquals((await engine.list()).length, 3);
});

Deno.test("without a health path a replica is up until a connection fails, and again a second later", async () => {
  const bench = await new Bench({ probes: false }).open();
  const { fleet, engine, clock } = bench;
  const instance = bench.member("Server1")?.instance?.id ?? "";
  fleet.observe({ name: "Server1", instance, kind: "refused", fresh: true, key: "k" });
  assertFalse(fleet.view.ready.has("Server1"));
  engine.calls.length = 0;
  await clock.turn(1000);
  assert(fleet.view.ready.has("Server1"));
  assertEquals([engine.calls, bench.heartbeats], [[], 0]);
  await fleet.close();
});
