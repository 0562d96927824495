import { assert, assertEquals } from "@std/assert";
import { Balancer, pidOf, processExists, signal, type Status } from "../harness/balancer.ts";
import { Load } from "../harness/load.ts";
import { waitUntil } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** The same sequence in every run: Park and Miller's generator. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = state * 48271 % 2147483647;
    return state % sides;
  };
}

const STEPS = 12;
const BALANCER_KILLS = 6;

function pids({ replicas, spares }: Status): number[] {
  return [...replicas, ...spares].filter(({ instance }) => instance !== null).map(pidOf);
}

function isWhole({ ready, desired, replicas }: Status): boolean {
  return ready === desired && replicas.length === desired;
}

test("random faults of replicas under load lose no request, and the fleet is whole again", async () => {
  const roll = dice(20261123);
  await using balancer = await Balancer.ready({ LB_ENGINE: "process", LB_SPARES: "1" });
  const load = new Load(`${balancer.url}/home`, 8);
  const done: string[] = [];
  const deeds: ((status: Status) => Promise<unknown>)[] = [
    ({ replicas }) => signal(pidOf(replicas[roll(replicas.length)]), "KILL"),
    ({ replicas }) => signal(pidOf(replicas[roll(replicas.length)]), "STOP"),
    ({ replicas }) => Promise.all(replicas.map((one) => signal(pidOf(one), "KILL"))),
    ({ spares }) => signal(pidOf(spares[0]), "KILL"),
    ({ replicas: { length } }) =>
      length < 5
        ? balancer.call("POST", "/add", { n: 2 })
        : balancer.call("DELETE", "/rm", { n: 2 }),
  ];
  for (let step = 0; step < STEPS; step++) {
    const at = roll(deeds.length);
    const before = await balancer.until((status) =>
      isWhole(status) && status.spares[0]?.state === "ready"
    );
    done.push(String(at));
    await deeds[at]?.(before);
    const gone = new Set(before.replicas.map(({ instance }) => instance));
    if (at < 3) {
      await balancer.until(({ replicas }) => replicas.some((one) => !gone.has(one.instance)));
    }
  }
  await balancer.until(isWhole);
  const { failed, served } = await load.stop();
  assertEquals(failed, [], `deeds ${done.join()}`);
  assert(served.size >= 3);
});

test("a balancer that is killed at any moment of a heal restores the same fleet, without surplus processes", async () => {
  const roll = dice(7);
  await Deno.mkdir(new URL("../../.run/state/", import.meta.url), { recursive: true });
  const file = `.run/state/test-${crypto.randomUUID()}.json`;
  const env = { LB_ENGINE: "process", LB_SPARES: "1", LB_STATE_FILE: file };
  const seen = new Set<number>();
  const ended: Balancer[] = [];
  try {
    for (let kill = 0; kill < BALANCER_KILLS; kill++) {
      const balancer = await Balancer.start(env);
      ended.push(balancer);
      const status = await balancer.until(isWhole);
      assertEquals(status.replicas.map(({ name }) => name), ["Server1", "Server2", "Server3"]);
      for (const pid of pids(status)) seen.add(pid);
      await signal(pidOf(status.replicas[roll(3)]), "KILL");
      // A random moment of the heal: a random number of status calls.
      for (let looks = roll(8); looks > 0; looks--) {
        for (const pid of pids(await balancer.status())) seen.add(pid);
      }
      await balancer.end("SIGKILL");
    }
    for (const pid of seen) {
      await waitUntil(`the end of ${pid}`, async () => !(await processExists(pid)));
    }
  } finally {
    for (const balancer of ended) await balancer.end("SIGKILL");
    await Deno.remove(new URL(`../../${file}`, import.meta.url));
  }
});
