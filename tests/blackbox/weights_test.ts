import { assertEquals } from "@std/assert";
import { Balancer, type Replica, type Status } from "../harness/balancer.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** Weights and the ring's shape in the status. */
type RingStatus = Omit<Status, "replicas"> & {
  readonly slots: number;
  readonly layout: string;
  readonly virtualServers: number;
  readonly hashes: string;
  readonly replicas: readonly (Replica & { readonly weight: number; readonly slots: number })[];
};

const SETTINGS = { slots: 512, virtualServers: 9, layout: "even", hashes: "fibonacci" };

/** The saved state after a change of two weights and of the shape. */
const KEPT = {
  configured: 2,
  names: ["Server1", "Big", "Idle"],
  template: {},
  weights: { Big: 3, Idle: 0 },
  shape: { settings: SETTINGS, inForce: { ...SETTINGS, slots: 4096, hashes: "hashed" } },
};

async function facts(balancer: Balancer) {
  const { digest, slots, layout, virtualServers, hashes, replicas } = (await balancer
    .status()) as RingStatus;
  const shares = replicas.map(({ name, weight, slots }) => [name, weight, slots]);
  return { digest, shape: { slots, virtualServers, layout, hashes }, shares };
}

test("weights and a changed shape survive kill -9 of the balancer; other settings end the shape", async () => {
  const file = `.run/state/test-${crypto.randomUUID()}.json`;
  const url = new URL(`../../${file}`, import.meta.url);
  await Deno.mkdir(new URL(".", url), { recursive: true });
  await Deno.writeTextFile(url, JSON.stringify(KEPT));
  const env = { LB_ENGINE: "process", LB_REPLICAS: "2", LB_STATE_FILE: file };
  try {
    const lives = [];
    for (const more of [{}, {}, { LB_SLOTS: "1024" }]) {
      await using balancer = await Balancer.ready({ ...env, ...more });
      lives.push(await facts(balancer));
      await balancer.end("SIGKILL");
    }
    const [first, second, third] = lives;
    assertEquals(first?.shape, KEPT.shape.inForce);
    assertEquals(first?.shares, [["Server1", 1, 1024], ["Big", 3, 3072], ["Idle", 0, 0]]);
    assertEquals(second, first);
    assertEquals(third?.shape, { ...SETTINGS, slots: 1024 });
    assertEquals(third?.shares, [["Server1", 1, 256], ["Big", 3, 768], ["Idle", 0, 0]]);
  } finally {
    await Deno.remove(url);
  }
});
