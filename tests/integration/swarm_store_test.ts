import { assert, assertEquals, assertRejects } from "@std/assert";
import { testSharedStore } from "../../balancer/cluster/conformance.ts";
import { SwarmStores } from "../../balancer/cluster/swarm_store.ts";
import { SwarmConfigs } from "../../balancer/engine/swarm_configs.ts";
import { TestFailures } from "../../balancer/fleet/testing.ts";
import { systemTest } from "../../tools/test/needs.ts";
import { Balancer } from "../harness/balancer.ts";
import { MACHINE_TESTS_IGNORED, Machines, MACHINES_LACK } from "../harness/machines.ts";
import { waitUntil } from "../harness/machines/wait.ts";

/** Races of two writers through two managers. */
const RACES = 100;

/** Deadline of a call to a manager, in milliseconds. */
const ANSWER_MS = 1500;

/** A test of the conformance suite. */
interface Case {
  readonly name: string;
  readonly fn: () => Promise<void>;
}

const ignore = MACHINE_TESTS_IGNORED;
const reason = ignore ? ` (ignored: needs ${MACHINES_LACK})` : "";

/** Opens the store of a fleet through the manager on a machine. */
function clientOf(machines: Machines, machine: number, fleet: string): Promise<SwarmStores> {
  const api = new SwarmConfigs({ socketPath: machines.socketOf(machine) }, ANSWER_MS);
  return SwarmStores.open({ api, fleet, pollMs: 2000, failures: new TestFailures() });
}

/** The conformance suite, each client at another manager, and each store with a fleet of its own. */
function conformanceCases(machines: Machines): Case[] {
  const cases: Case[] = [];
  let fleets = 0;
  const create = () => {
    const fleet = `fleet${++fleets}`;
    let clients = 0;
    return Promise.resolve({
      client: () => clientOf(machines, 1 + clients++ % machines.count, fleet),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  };
  testSharedStore("swarm", create, (test) => cases.push(test));
  return cases;
}

async function race(machines: Machines): Promise<void> {
  const clients = [await clientOf(machines, 1, "race"), await clientOf(machines, 2, "race")];
  const stores = clients.map((client) => client.open("state"));
  let epoch = 0;
  for (let race = 0; race < RACES; race++) {
    const saves = stores.map((store, writer) => store.save(`${race} ${writer}`, epoch));
    const results = await Promise.all(saves);
    assertEquals(results.filter(({ done }) => done).length, 1, `race ${race}`);
    const winner = results.findIndex(({ done }) => done);
    const stored = await stores[race % 2]!.load();
    assertEquals(stored?.value, `${race} ${winner}`);
    assertEquals(results[winner], { done: true, epoch: stored!.epoch });
    epoch = stored!.epoch;
  }
  for (const client of clients) client.close();
}

/** The part of `GET /_lb/status` that these tests look at. */
interface Seen {
  readonly epoch: number;
  readonly digest: string;
  readonly cluster: {
    readonly self: string;
    readonly holder: string | null;
    readonly isolated: boolean;
    readonly balancers: readonly { readonly id: string; readonly epoch: number }[];
  };
}

async function seenBy(balancer: Balancer): Promise<Seen> {
  return (await balancer.call("GET", "/_lb/status")).body as Seen;
}

async function agree(balancers: readonly Balancer[]): Promise<boolean> {
  const all = await Promise.all(balancers.map(seenBy));
  const ids = all.map(({ cluster }) => cluster.self).sort().join();
  return all.every((one) =>
    one.epoch === all[0]!.epoch && one.digest === all[0]!.digest && !one.cluster.isolated &&
    one.cluster.holder !== null && one.cluster.holder === all[0]!.cluster.holder &&
    one.cluster.balancers.map(({ id }) => id).sort().join() === ids
  );
}

async function statusOf(balancer: Balancer, path: string): Promise<number> {
  const response = await balancer.fetch(path);
  await response.body?.cancel();
  return response.status;
}

/** A balancer that loses its swarm serves on or refuses, changes nothing, and comes back. */
async function isolate(machines: Machines, upstream: string): Promise<void> {
  const start = (machine: number, isolated: string) =>
    Balancer.start({
      LB_STORE: "swarm",
      LB_FLEET: "isolation",
      LB_DOCKER_HOST: `unix://${machines.socketOf(machine)}`,
      LB_ISOLATED: isolated,
      LB_ENGINE: "static",
      LB_UPSTREAMS: `u0=${upstream}`,
      LB_HEALTH_PATH: "/",
      LB_WORKERS: "1",
      LB_PUBLIC_API: "all",
      LB_ADMIN_OPEN: "true",
    });
  const balancers = await Promise.all([
    start(1, "serve"),
    start(2, "serve"),
    start(3, "refuse"),
  ]);
  const [one, , cutOff] = balancers as [Balancer, Balancer, Balancer];
  try {
    await waitUntil("three balancers agree", () => agree(balancers));
    const weighed = await cutOff.call("PATCH", "/_lb/replicas/u0", { weight: 3 });
    assertEquals(weighed.status, 200, JSON.stringify(weighed.body));
    assert(await agree(balancers));
    await machines.cut(3);
    await waitUntil("it refuses", async () => await statusOf(cutOff, "/x") === 503);
    assertEquals(await statusOf(cutOff, "/_lb/readyz"), 503);
    const lost = await cutOff.call("PATCH", "/_lb/replicas/u0", { weight: 4 });
    assertEquals(lost.status, 503, JSON.stringify(lost.body));
    const rest = balancers.slice(0, 2);
    await waitUntil("the others go on", () => agree(rest));
    assertEquals((await one.call("PATCH", "/_lb/replicas/u0", { weight: 5 })).status, 200);
    assertEquals(await statusOf(one, "/x"), 200);
    await machines.join(3);
    await waitUntil("it is back", async () => await statusOf(cutOff, "/x") === 200);
    await waitUntil("three balancers agree again", () => agree(balancers));
    assertEquals(await statusOf(cutOff, "/_lb/readyz"), 200);
  } finally {
    await Promise.all(balancers.map((balancer) => balancer.end("SIGTERM")));
  }
}

systemTest({
  name: `swarm store: conformance and races through three managers, and a manager that is cut off` +
    reason,
  ignore,
  fn: async (t) => {
    await using machines = await Machines.start(3);
    for (const { name, fn } of conformanceCases(machines)) await t.step(name, fn);
    await t.step("of two writers at two managers exactly one wins", () => race(machines));
    await t.step("a manager without the others saves nothing, in bounded time", async () => {
      const cut = await clientOf(machines, 3, "race");
      const store = cut.open("state");
      const before = await store.load();
      await machines.cut(3);
      await assertRejects(() => store.save("minority", before!.epoch));
      const other = (await clientOf(machines, 1, "race")).open("state");
      await waitUntil("a majority saves", async () => {
        const present = await other.load();
        return (await other.save("majority", present!.epoch)).done;
      });
      await machines.join(3);
      await waitUntil("it reads the majority's value", async () => {
        return (await store.load())?.value === "majority";
      });
      cut.close();
    });
    await t.step("three balancers: one that loses its manager refuses and comes back", async () => {
      const server = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen: () => {} },
        () => new Response("answer"),
      );
      try {
        await isolate(machines, `127.0.0.1:${server.addr.port}`);
      } finally {
        await server.shutdown();
      }
    });
  },
});
