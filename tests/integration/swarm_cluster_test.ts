import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { systemTest } from "../../tools/test/needs.ts";
import type { Balancer, Replica } from "../harness/balancer.ts";
import { Load } from "../harness/load.ts";
import { MACHINE_TESTS_IGNORED, Machines, MACHINES_LACK } from "../harness/machines.ts";
import { waitUntil } from "../harness/machines/wait.ts";
import {
  type ClusterStatus,
  type PlacedBalancer,
  statusOf,
  SwarmCluster,
} from "./harness/swarm_cluster.ts";
import { IMAGE } from "./harness/swarm_fleet.ts";

const ignore = MACHINE_TESTS_IGNORED;
const reason = ignore ? ` (ignored: needs ${MACHINES_LACK})` : "";

/** Pause of a client between two requests, in milliseconds: the machines share two cores. */
const PAUSE_MS = 10;

/** Sends requests through balancers while something happens; none of them may be lost. */
async function underLoad<T>(
  balancers: readonly PlacedBalancer[],
  fn: () => Promise<T>,
): Promise<T> {
  const loads = balancers.map(({ balancer: { url } }) => new Load(`${url}/home`, 2, PAUSE_MS));
  try {
    return await fn();
  } finally {
    const results = await Promise.all(loads.map((load) => load.stop()));
    assertEquals(results.flatMap(({ failed }) => failed), []);
  }
}

/** A balancer that does not heal. */
async function followerOf({ all }: SwarmCluster): Promise<Balancer> {
  for (const { balancer } of all) {
    const { cluster: { self, holder } } = await statusOf(balancer);
    if (holder !== null && self !== holder) return balancer;
  }
  throw new Error("no balancer follows");
}

/** Number of a machine whose manager does not lead the swarm. */
async function notLeading({ machines, all }: SwarmCluster): Promise<number> {
  const format = "{{.Hostname}} {{.ManagerStatus}}";
  const [{ machine = 0 } = {}] = all;
  const rows = (await machines.docker(machine, "node", "ls", "--format", format)).split("\n");
  const lead = rows.find((row) => row.endsWith("Leader"))?.split(" ")[0];
  return all.findLast((one) => machines.nameOf(one.machine) !== lead)?.machine ?? 0;
}

function instancesOf({ replicas }: ClusterStatus): (string | null)[] {
  return replicas.map(({ instance }) => instance);
}

/** Reads an answer that has to be 200. */
async function done(
  balancer: Balancer,
  method: string,
  path: string,
  body: unknown,
): Promise<unknown> {
  const answer = await balancer.call(method, path, body);
  assertEquals(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

/** Weights and plans that are asked of balancers that do not heal. */
async function change(cluster: SwarmCluster): Promise<void> {
  const [one, two, three] = cluster.all.map(({ balancer }) => balancer) as [
    Balancer,
    Balancer,
    Balancer,
  ];
  await done(two, "PATCH", "/_lb/replicas/Server1", { weight: 3 });
  const [weighed] = await cluster.agreed();
  const plan = await done(three, "POST", "/_lb/plan", { add: 1 }) as {
    readonly message: { readonly id: string };
  };
  await done(three, "POST", "/_lb/apply", { plan: plan.message.id });
  const [grown] = await cluster.agreed(cluster.all, ({ desired }) => desired === 4);
  assert(grown!.epoch > weighed!.epoch);
  await done(one, "DELETE", "/rm", { n: 1, hostnames: ["Server4"] });
  await done(two, "PATCH", "/_lb/replicas/Server1", { weight: 1 });
  await cluster.agreed(cluster.all, ({ desired }) => desired === 3);
}

/** A replica on the machine of a balancer that does not heal. */
async function localTo(cluster: SwarmCluster, balancer: Balancer): Promise<Replica | undefined> {
  const { machine } = cluster.all.find((one) => one.balancer === balancer)!;
  const { replicas } = await statusOf(balancer);
  return replicas.find((one) => one.machine === cluster.machines.nameOf(machine));
}

async function drill(cluster: SwarmCluster): Promise<void> {
  const follower = await followerOf(cluster);
  const victim = await localTo(cluster, follower) ?? (await statusOf(follower)).replicas[0];
  const report = await done(follower, "POST", "/_lb/drill", {
    kill: victim?.name,
    path: "/home",
    seconds: 2,
    connections: 2,
    objective: { lost: 0, fullRingMs: 60_000 },
  }) as { readonly passed: boolean; readonly missed: readonly string[] };
  assertEquals([report.missed, report.passed], [[], true]);
  await cluster.agreed(cluster.all, ({ spares }) => spares.every((one) => one.state === "ready"));
}

async function deploy(cluster: SwarmCluster): Promise<void> {
  const before = await statusOf(cluster.all[0]!.balancer);
  const follower = await followerOf(cluster);
  const steps = await underLoad(cluster.all, async () => {
    const body = JSON.stringify({ options: { labels: { release: "2" } } });
    return await (await follower.fetch("/_lb/deploy", { method: "POST", body })).text();
  });
  const [after] = await cluster.agreed(
    cluster.all,
    (status) => instancesOf(status).every((one) => !instancesOf(before).includes(one)),
  );
  assertEquals(after!.digest, before.digest, steps);
  await cluster.untilClean();
}

async function restart(cluster: SwarmCluster): Promise<void> {
  const [before] = await cluster.agreed();
  const running = await cluster.running();
  await cluster.end();
  await cluster.start();
  const [after] = await cluster.agreed();
  assertEquals(instancesOf(after!), instancesOf(before!));
  assertEquals(after!.digest, before!.digest);
  await cluster.untilClean();
  assertEquals(await cluster.running(), running);
}

/** Whether a balancer answers some key: replicas on other machines cannot be reached. */
async function routes({ fleet }: SwarmCluster, machine: number): Promise<boolean> {
  const keys = Array.from({ length: 16 }, (_, key) => `x-request-id: ${key}`);
  const answers = keys.map((field) => fleet.ask(machine, "/home", "-H", field));
  return (await Promise.all(answers)).some(({ status }) => status === 200);
}

/** A balancer that has lost the swarm. */
async function checkIsolated(
  cluster: SwarmCluster,
  machine: number,
  hasReplica: boolean,
): Promise<void> {
  const { fleet } = cluster;
  const status = async () => JSON.parse((await fleet.ask(machine, "/_lb/status")).text);
  const { digest } = await status();
  await waitUntil("it is isolated", async () => (await status()).cluster.isolated);
  assertEquals((await fleet.ask(machine, "/_lb/readyz")).status, 503);
  const change = ["-X", "PATCH", "-d", '{"weight":7}'];
  const refused = await fleet.ask(machine, "/_lb/replicas/Server1", ...change);
  assertEquals(refused.status, 503, refused.text);
  assertEquals((await status()).digest, digest);
  if (hasReplica) assert(await routes(cluster, machine), "it does not route");
}

async function isolate(cluster: SwarmCluster): Promise<void> {
  const machine = await notLeading(cluster);
  const name = cluster.machines.nameOf(machine);
  const rest = cluster.all.filter((one) => one.machine !== machine);
  const [before] = await cluster.agreed();
  const hasReplica = before!.replicas.some((one) => one.machine === name);
  await underLoad(rest, async () => {
    await cluster.machines.cut(machine);
    await checkIsolated(cluster, machine, hasReplica);
    await cluster.agreed(rest, ({ replicas }) => replicas.every((one) => one.machine !== name));
  });
  await cluster.machines.join(machine);
  const [after] = await cluster.agreed();
  assertEquals(after!.digest, before!.digest);
  await cluster.untilClean();
}

async function powerOff(cluster: SwarmCluster): Promise<void> {
  const machine = await notLeading(cluster);
  const name = cluster.machines.nameOf(machine);
  const [before] = await cluster.agreed();
  const rest = cluster.all.filter((one) => one.machine !== machine);
  await underLoad(rest, async () => {
    await cluster.off(machine);
    const [after] = await cluster.agreed(
      rest,
      ({ replicas }) => replicas.every((one) => one.machine !== name),
    );
    assertEquals(after!.digest, before!.digest);
  });
  await done(rest[0]!.balancer, "PATCH", "/_lb/replicas/Server2", { weight: 2 });
  const [changed] = await cluster.agreed();
  assertNotEquals(changed!.digest, before!.digest);
  await cluster.untilClean();
}

systemTest({
  name: `three balancers on three machines: changes, drill, deploy, restart, isolation, power off` +
    reason,
  ignore,
  fn: async (t) => {
    await using machines = await Machines.start(3, [IMAGE]);
    await using cluster = new SwarmCluster(machines, { LB_SPARES: "1", LB_DRILLS: "true" });
    await cluster.start();
    const steps: readonly [string, (cluster: SwarmCluster) => Promise<void>][] = [
      ["a weight and a plan that are asked of followers are made by all", change],
      ["a drill at a follower loses no request", drill],
      ["a deploy that is asked of a follower replaces every instance under load", deploy],
      ["balancers that end and start again adopt all instances", restart],
      ["a machine that is cut off routes on, changes nothing, and comes back", isolate],
      ["a machine loses power under load: the others have the whole ring again", powerOff],
    ];
    // Each step needs the whole fleet of the one before.
    for (const [name, step] of steps) {
      if (!await t.step(name, () => step(cluster))) break;
    }
  },
});
