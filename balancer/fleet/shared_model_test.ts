import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { PERMITTED } from "../../tools/test/needs.ts";
import { SharedHarness } from "./shared_harness.ts";

/** Number of histories; the nightly run takes more. */
const HISTORIES = Number(PERMITTED && Deno.env.get("SHARED_HISTORIES") || 300);

/** One step of a history: an event, its balancer and replica, and the time after it. */
const step = fc.record({
  what: fc.constantFrom(
    "time",
    "fail",
    "fail",
    "stop",
    "resume",
    "cut",
    "join",
    "kill",
    "add",
    "add",
    "remove",
    "weigh",
    "slow start",
    "slow messages",
    "store away",
    "store back",
  ),
  balancer: fc.nat(2),
  replica: fc.nat(7),
  ms: fc.constantFrom(1, 40, 300, 1000, 2500, 7000),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The number of live balancers that are neither stopped nor cut off must not fall to 0. */
function works({ living }: SharedHarness): number {
  return living.filter(({ port }) => !port.stopped && !port.cut).length;
}

async function take(world: SharedHarness, { what, balancer, replica }: Step): Promise<void> {
  const one = world.balancers[balancer % world.balancers.length]!;
  if (one.port.dead) return;
  const names = one.membership.names();
  const name = names[replica % Math.max(1, names.length)];
  // Each change may fail, as a caller would see; the history goes on.
  const dropped = (change: Promise<unknown>) => void change.catch(() => {});
  switch (what) {
    case "fail": {
      const running = await world.running();
      return world.engine.fail(running[replica % Math.max(1, running.length)] ?? "");
    }
    case "stop":
      return one.port.stop();
    case "resume":
      return one.port.resume();
    case "cut":
      one.port.cut = true;
      return;
    case "join":
      one.port.cut = false;
      return;
    case "kill":
      if (works(world) > 1) one.kill();
      return;
    case "add":
      return one.port.stopped ? undefined : dropped(one.membership.add(1, [`N${replica}`]));
    case "remove":
      if (name === undefined || names.length < 2 || one.port.stopped) return;
      return dropped(one.membership.remove(1, [name]));
    case "weigh":
      if (name === undefined || one.port.stopped) return;
      return dropped(one.membership.weigh({ [name]: 1 + replica }));
    case "slow start":
      world.startMs = [10, 300, 3500][replica % 3]!;
      return;
    case "slow messages":
      world.messageMs = [1, 200, 5000][replica % 3]!;
      return;
    case "store away":
      world.storeAway = true;
      return;
    case "store back":
      world.storeAway = false;
  }
}

/** Holds at every instant. */
function checkAlways(world: SharedHarness): void {
  assert(world.healers.length <= 1, `two healers: ${world.healers.join()}`);
  const digests = new Map<number, string>();
  for (const { views } of world.balancers) {
    const view = views.at(-1);
    if (!view || view.epoch === 0) continue;
    const known = digests.get(view.epoch) ?? view.ring.digest;
    assertEquals(view.ring.digest, known, `two rings at epoch ${view.epoch}`);
    digests.set(view.epoch, known);
    const instances = new Set([...view.ready.values()].map(({ instance }) => instance));
    assertEquals(instances.size, view.ready.size, "an instance serves under two names");
  }
}

/** Holds after quiet time: the balancers agree, and exactly the replicas of the ring run, once each. */
async function checkQuiet(world: SharedHarness, spares: number): Promise<void> {
  const living = world.living;
  const routing = living.map((one) => one.routing());
  for (const one of routing) assertEquals(one, routing[0]);
  assertEquals(world.healers.length, 1, "balancers that heal");
  const names = living[0]!.membership.names();
  const running = await world.running();
  assertEquals(running.filter((name) => !name.startsWith("spare.")), [...names].sort());
  assertEquals(running.length, names.length + spares, "instances that run");
  const listed = living.map(({ fleet }) => fleet.spares.map(({ instance }) => instance?.id).sort());
  for (const one of listed) assertEquals(one, listed[0]);
  assertEquals(listed[0]!.length, spares);
  assertEquals(living[0]!.fleet.view.ready.size, names.length);
  assertEquals(await world.engine.remains(), []);
}

/** The balancers of a history; some of them may do without messages. */
interface Setup {
  readonly balancers: number;
  readonly messages: readonly boolean[];
  readonly spares: number;
}

async function run({ balancers, messages, spares }: Setup, steps: readonly Step[]): Promise<void> {
  const world = new SharedHarness();
  for (let one = 0; one < balancers; one++) {
    world.messages = messages[one] ?? true;
    await world.add({ spares });
  }
  for (const one of steps) {
    await take(world, one);
    await world.time.turn(one.ms, () => checkAlways(world));
  }
  world.startMs = 300;
  world.storeAway = false;
  for (const { port } of world.living) {
    port.cut = false;
    port.resume();
  }
  await world.time.turn(30_000, () => checkAlways(world));
  await checkQuiet(world, spares);
  for (const one of world.living) one.kill();
}

Deno.test("several balancers: after every history exactly one heals, all agree, and no instance or spare is doubled or forgotten", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        balancers: fc.integer({ min: 2, max: 3 }),
        messages: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
        spares: fc.integer({ min: 0, max: 2 }),
      }),
      fc.array(step, { minLength: 3, maxLength: 16 }),
      run,
    ),
    { seed: 20261201, numRuns: HISTORIES },
  );
});
