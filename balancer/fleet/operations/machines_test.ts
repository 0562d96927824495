import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  type Availability,
  EngineError,
  type Instance,
  type Launch,
  type Machine,
} from "../../engine/engine.ts";
import { MemoryEngine } from "../../engine/memory.ts";
import { FleetHarness } from "../harness.ts";
import { ChangeError } from "../spec/change_error.ts";
import { ChangeLock } from "./change_lock.ts";
import { Machines } from "./machines.ts";

/** An engine of two machines, which fills the first one that is open. */
class TwoMachines extends MemoryEngine {
  readonly availability = new Map<string, Availability>([["m1", "active"], ["m2", "active"]]);
  readonly changes: string[] = [];
  readonly #machineOf = new Map<string, string>();

  override async start(launch: Launch): Promise<Instance> {
    const open = [...this.availability].filter(([, state]) => state === "active");
    const [machine = ""] = open.map(([name]) => name).filter((name) =>
      !launch.avoid?.includes(name)
    );
    const instance = await super.start(launch);
    this.#machineOf.set(instance.id, machine);
    return { ...instance, machine };
  }

  override async list(): Promise<readonly Instance[]> {
    const listed = await super.list();
    return listed.map((one) => ({ ...one, machine: this.#machineOf.get(one.id) ?? "" }));
  }

  machines(): Promise<readonly Machine[]> {
    const all = [...this.availability];
    return Promise.resolve(
      all.map(([name, availability]) => ({ name, state: "ready", availability })),
    );
  }

  setAvailability(machine: string, availability: Availability): Promise<void> {
    this.availability.set(machine, availability);
    this.changes.push(`${machine} ${availability}`);
    return Promise.resolve();
  }
}

async function open() {
  const engine = new TwoMachines((name) => ({ hostname: name, port: 1 }));
  const harness = await new FleetHarness({}, engine).open();
  const { fleet, clock } = harness;
  const changeLock = new ChangeLock();
  const machines = new Machines({ fleet, engine, changeLock, now: () => clock.now() });
  return { harness, engine, fleet, clock, machines };
}

function machinesOf({ members }: FleetHarness["fleet"]): (string | undefined)[] {
  return members.map(({ instance }) => instance?.machine);
}

Deno.test("a drained machine gets no instances, and its replicas have successors elsewhere", async () => {
  const { engine, fleet, clock, machines } = await open();
  assertEquals(machinesOf(fleet), ["m1", "m1", "m1"]);
  const { digest } = fleet.view.ring;
  const drained = machines.set("m1", "drain");
  await clock.turn(20);
  const [first, second] = (await drained).machines;
  assertEquals([first?.availability, first?.replicas], ["drain", []]);
  assertEquals(second?.replicas, ["Server1", "Server2", "Server3"]);
  assertEquals(engine.changes, ["m1 pause", "m1 drain"]);
  assertEquals(fleet.view.ring.digest, digest);
  assertEquals(fleet.members.map(({ restarts }) => restarts), [0, 0, 0]);
  await machines.set("m1", "active");
  assertEquals(engine.availability.get("m1"), "active");
  await fleet.close();
});

Deno.test("a machine is open again if a successor does not become ready", async () => {
  const { engine, fleet, clock, machines } = await open();
  engine.failNextStart(new EngineError("image-missing", "no image"));
  const drained = assertRejects(() => machines.set("m1", "drain"), ChangeError);
  await clock.turn(20);
  const error = await drained;
  assertEquals(error.kind, "not-ready");
  assertStringIncludes(error.message, "m1 was not drained");
  assertEquals(engine.changes, ["m1 pause", "m1 active"]);
  assertEquals(machinesOf(fleet), ["m1", "m1", "m1"]);
  await fleet.close();
});

Deno.test("an unknown machine is refused with the names of the known ones", async () => {
  const { fleet, machines } = await open();
  const error = await assertRejects(() => machines.set("m9", "drain"), ChangeError);
  assertEquals(error.message, "machine: must be one of m1, m2; got m9");
  await fleet.close();
});

Deno.test("an engine of one machine has none to choose from", async () => {
  const { fleet, engine, clock } = await new FleetHarness().open();
  const changeLock = new ChangeLock();
  const machines = new Machines({ fleet, engine, changeLock, now: () => clock.now() });
  assertEquals(await machines.list(), { machines: [] });
  const error = await assertRejects(() => machines.set("m1", "drain"), ChangeError);
  assertEquals(error.kind, "unsupported");
  await fleet.close();
});

Deno.test("a replacement avoids the machine of an instance that failed without an exit", async () => {
  const { harness, engine, fleet, clock } = await open();
  const victim = fleet.members[0]?.instance;
  if (!victim || "path" in victim.address) throw new Error("no instance");
  harness.sick.add(victim.address.hostname);
  for (let tries = 0; tries < 100 && engine.launches.length === 3; tries++) await clock.turn(100);
  assertEquals(engine.launches.at(-1)?.avoid, ["m1"]);
  assertEquals(fleet.members[0]?.instance?.machine, "m2");
  harness.sick.clear();
  await clock.turn(10_000);
  engine.fail("Server2");
  await clock.turn(1000);
  assertEquals(engine.launches.at(-1), { name: "Server2", spare: false, template: {} });
  await fleet.close();
});
