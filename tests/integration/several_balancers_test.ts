import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { systemTest as test } from "../../tools/test/needs.ts";
import { Balancer, signal } from "../harness/balancer.ts";
import { Load } from "../harness/load.ts";
import { dockerTest } from "./harness/docker_fleet.ts";

/** A balancer of the cluster, as the status shows it. */
interface Seen {
  readonly id: string;
  readonly direct: boolean;
  readonly pid: number;
  readonly epoch: number;
  readonly digest: string;
  readonly heals: boolean;
}

interface ClusterStatus {
  readonly epoch: number;
  readonly digest: string;
  readonly ready: number;
  readonly replicas: readonly { readonly name: string; readonly instance: string | null }[];
  readonly cluster: {
    readonly self: string;
    readonly holder: string | null;
    readonly disagreeMs: number;
    readonly balancers: readonly Seen[];
  };
}

/** Longest wait for a state, in milliseconds. */
const DEADLINE_MS = 180_000;

/** A folder that several balancers share, and the balancers on it. */
class Cluster implements AsyncDisposable {
  readonly folder: string;
  readonly balancers: Balancer[] = [];
  readonly #env: Record<string, string>;

  constructor(env: Record<string, string>) {
    this.folder = Deno.makeTempDirSync({ prefix: "ringkeeper-shared-", dir: "/tmp" });
    this.#env = {
      LB_STORE: `file:${this.folder}`,
      LB_LEASE_MS: "1500",
      LB_RING_FIELDS: "true",
      LB_WORKERS: "1",
      LB_PUBLIC_API: "all",
      LB_ADMIN_OPEN: "true",
      ...env,
    };
  }

  async add(): Promise<Balancer> {
    const balancer = await Balancer.start(this.#env);
    this.balancers.push(balancer);
    return balancer;
  }

  /** Waits until these balancers see exactly each other, agree on the ring, and one of them heals. */
  async agreed(balancers: readonly Balancer[], ready: number): Promise<ClusterStatus[]> {
    let seen: ClusterStatus[] = [];
    await until(async () => {
      seen = await Promise.all(balancers.map(statusOf));
      return seen.every((one) => isAgreed(one, seen, ready));
    });
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.balancers.map((one) => one.end("SIGTERM")));
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (!await condition()) {
    if (Date.now() > deadline) throw new Error(`not so after ${DEADLINE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function statusOf(balancer: Balancer): Promise<ClusterStatus> {
  return (await balancer.call("GET", "/_lb/status")).body as ClusterStatus;
}

function isAgreed(one: ClusterStatus, all: readonly ClusterStatus[], ready: number): boolean {
  const { cluster: { balancers, holder } } = one;
  const ids = all.map(({ cluster }) => cluster.self).sort();
  const instances = (status: ClusterStatus) =>
    JSON.stringify(status.replicas.map(({ name, instance }) => [name, instance]));
  return one.ready === ready && holder !== null && holder === all[0]!.cluster.holder &&
    JSON.stringify(balancers.map(({ id }) => id)) === JSON.stringify(ids) &&
    balancers.every(({ epoch, digest }) => epoch === one.epoch && digest === one.digest) &&
    balancers.filter(({ heals }) => heals).length === 1 &&
    one.epoch === all[0]!.epoch && one.digest === all[0]!.digest &&
    instances(one) === instances(all[0]!);
}

function holderOf(balancers: readonly Balancer[], [one]: readonly ClusterStatus[]): Balancer {
  const { balancers: seen } = one!.cluster;
  const { pid } = seen.find(({ heals }) => heals)!;
  return balancers.find((balancer) => balancer.pid === pid)!;
}

dockerTest(
  "three balancers on one Docker Engine: each of them may die or be stopped under load, one heals, and a change asked of any is made",
  async (fleet) => {
    await using cluster = new Cluster({ ...fleet.env, LB_REPLICAS: "2" });
    const first = await cluster.add();
    await first.until(({ ready }) => ready === 2);
    await Promise.all([cluster.add(), cluster.add()]);
    const three = cluster.balancers;
    const holder = holderOf(three, await cluster.agreed(three, 2));
    assertEquals(holder, first);
    assertEquals((await fleet.containers()).length, 2);
    const [two, other] = three.filter((one) => one !== holder) as [Balancer, Balancer];

    // A change asked of a balancer that does not heal.
    const added = await two.call("POST", "/add", { n: 1, hostnames: ["S3"] });
    assertEquals(added.status, 200, JSON.stringify(added.body));
    await cluster.agreed(three, 3);
    assertEquals(await other.call("GET", "/rep"), await holder.call("GET", "/rep"));

    // The holder and a replica die at the same moment; the others carry on, and one of them heals.
    const loads = [two, other].map(({ url }) => new Load(`${url}/home`, 2));
    const { replicas } = await statusOf(two);
    await Promise.all([
      signal(holder.pid, "KILL"),
      new Deno.Command("docker", { args: ["kill", replicas[0]!.instance!], stdout: "null" })
        .output(),
    ]);
    const healed = await cluster.agreed([two, other], 3);
    assertEquals((await fleet.containers()).length, 3);
    for (const load of loads) {
      const { served, failed } = await load.stop();
      assertEquals(failed, []);
      assert([...served.values()].reduce((sum, n) => sum + n, 0) > 0);
    }

    // The next holder is stopped, a replica dies meanwhile, and the holder comes back as if nothing
    // had happened: it must not act, neither on that death nor on the replacement.
    const second = holderOf([two, other], healed);
    const last = second === two ? other : two;
    await signal(second.pid, "STOP");
    const [victim] = (await statusOf(last)).replicas;
    await new Deno.Command("docker", { args: ["kill", victim!.instance!], stdout: "null" })
      .output();
    await until(async () => {
      const [first] = (await statusOf(last)).replicas;
      return first!.instance !== null && first!.instance !== victim!.instance;
    });
    await cluster.agreed([last], 3);
    const before = (await fleet.containers()).sort();
    await signal(second.pid, "CONT");
    const back = await cluster.agreed([two, other], 3);
    assertEquals(holderOf([two, other], back), last);
    assertEquals((await fleet.containers()).sort(), before);

    // The end of a balancer leaves the replicas to the other one.
    await last.end("SIGTERM");
    const removed = await second.call("DELETE", "/rm", { n: 1, hostnames: ["S3"] });
    assertEquals(removed.status, 200, JSON.stringify(removed.body));
    await cluster.agreed([second], 2);
    // The balancer that heals stops the container, which may follow the answer of another one.
    await until(async () => (await fleet.containers()).length === 2);
  },
);

test("two balancers on static upstreams: 20 changes under load, and every response with the same epoch has the same digest", async () => {
  const servers = [0, 1, 2].map((n) =>
    Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      () => new Response(`server ${n}`),
    )
  );
  const upstreams = servers.map(({ addr }, n) => `u${n}=127.0.0.1:${addr.port}`).join();
  await using cluster = new Cluster({
    LB_ENGINE: "static",
    LB_UPSTREAMS: upstreams,
    LB_HEALTH_PATH: "/",
  });
  const both = [await cluster.add(), await cluster.add()];
  await cluster.agreed(both, 3);
  await until(async () =>
    (await Promise.all(both.map(statusOf))).every((one) =>
      one.cluster.balancers.every(({ direct }) => direct)
    )
  );
  const digests = new Map<string, Set<string>>();
  const failed: string[] = [];
  let running = true;
  const clients = both.flatMap(({ url }) => [0, 1].map(() => client(url)));
  async function client(url: string): Promise<void> {
    for (let id = 0; running; id++) {
      try {
        const response = await fetch(`${url}/${id}`);
        await response.body?.cancel();
        const epoch = response.headers.get("x-ring-epoch") ?? "none";
        const known = digests.get(epoch) ?? new Set();
        digests.set(epoch, known.add(response.headers.get("x-ring-digest") ?? "none"));
        if (response.status !== 200) failed.push(`${response.status}`);
      } catch (error) {
        failed.push(String(error));
      }
    }
  }
  for (let change = 0; change < 20; change++) {
    const path = `/_lb/replicas/u${change % 3}`;
    const { status, body } = await both[change % 2]!.call("PATCH", path, { weight: 2 + change });
    assertEquals(status, 200, JSON.stringify(body));
  }
  await cluster.agreed(both, 3);
  running = false;
  await Promise.all(clients);
  assertEquals(failed, []);
  assert(digests.size > 10, `${digests.size} epochs`);
  for (const [epoch, known] of digests) assertEquals(known.size, 1, `epoch ${epoch}`);

  // Both ask for a change at the same time.
  const weights = await Promise.all(
    both.map((one, n) => one.call("PATCH", `/_lb/replicas/u${n}`, { weight: 100 + n })),
  );
  assertEquals(weights.map(({ status }) => status), [200, 200]);
  const less = upstreams.split(",").slice(0, 2).map((one) => {
    const [name, address] = one.split("=");
    return { name, address, weight: 1 };
  });
  const set = await both[1]!.call("PUT", "/_lb/upstreams", { upstreams: less });
  assertEquals(set.status, 200, JSON.stringify(set.body));
  await cluster.agreed(both, 2);
  const metrics = await (await both[0]!.fetch("/_lb/metrics")).text();
  assertStringIncludes(metrics, "ringkeeper_balancers 2\n");
  await Promise.all(servers.map((server) => server.shutdown()));
});

test("two balancers: a connection that breaks at one takes the upstream out of both, long before the other's heartbeat", async () => {
  const servers = [0, 1].map(() =>
    Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      () => new Response("answer"),
    )
  );
  const [first, second] = servers.map(({ addr }) => `127.0.0.1:${addr.port}`);
  await using cluster = new Cluster({
    LB_ENGINE: "static",
    LB_UPSTREAMS: `u0=${first},u1=${second}`,
    LB_HEALTH_PATH: "/",
    // Only requests and messages can find the failure within the test.
    LB_HEARTBEAT_MS: "600000",
    LB_HOLD: "spill",
  });
  const both = [await cluster.add(), await cluster.add()] as const;
  await cluster.agreed(both, 2);
  await servers[0]!.shutdown();
  await until(async () => {
    const responses = [0, 1, 2, 3].map((id) => both[0].fetch(`/${id}`));
    for (const response of await Promise.all(responses)) await response.body?.cancel();
    return (await Promise.all(both.map(statusOf))).every(({ ready }) => ready === 1);
  });
  await servers[1]!.shutdown();
});

/** More of the status. */
async function wholeOf(balancer: Balancer) {
  return (await balancer.call("GET", "/_lb/status")).body as {
    readonly slots: number;
    readonly maintenance: unknown;
    readonly replicas: readonly { readonly weight: number }[];
  };
}

/** A changing call, and the state in which another balancer shows that it was made. */
interface ChangingCall {
  readonly call: string;
  readonly path?: string;
  readonly body?: unknown;
  /** Whether a balancer shows the change. */
  readonly shows: (one: Balancer) => Promise<boolean>;
}

const CHANGING_CALLS: readonly ChangingCall[] = [
  {
    call: "POST /add",
    body: { n: 1, hostnames: ["S3"] },
    shows: async (one) => (await statusOf(one)).replicas.some(({ name }) => name === "S3"),
  },
  {
    call: "PATCH /_lb/replicas/{name}",
    path: "/_lb/replicas/S3",
    body: { weight: 2 },
    shows: async (one) => (await wholeOf(one)).replicas.some(({ weight }) => weight === 2),
  },
  {
    call: "DELETE /rm",
    body: { n: 1, hostnames: ["S3"] },
    shows: async (one) => (await statusOf(one)).replicas.every(({ name }) => name !== "S3"),
  },
  {
    call: "PATCH /_lb/ring",
    body: { slots: 1024 },
    shows: async (one) => (await wholeOf(one)).slots === 1024,
  },
  {
    call: "PUT /_lb/maintenance",
    body: {},
    shows: async (one) => (await wholeOf(one)).maintenance !== null,
  },
  {
    call: "DELETE /_lb/maintenance",
    shows: async (one) => (await wholeOf(one)).maintenance === null,
  },
];

/** Tested elsewhere: with three machines, with upstreams, or in a stream of steps. */
const OTHER_CALLS = [
  "PATCH /_lb/machines/{name}",
  "PUT /_lb/upstreams",
  "POST /_lb/plan",
  "POST /_lb/apply",
  "POST /_lb/deploy",
  "POST /_lb/drill",
];

/** They change the process that is asked: its log, its settings, its token. */
const OWN_CALLS = ["PATCH /_lb/log", "POST /_lb/reload", "POST /_lb/prove"];

dockerTest(
  "every changing call of the API that is asked of a balancer that does not heal is made",
  async (fleet) => {
    await using cluster = new Cluster({ ...fleet.env, LB_REPLICAS: "2" });
    const first = await cluster.add();
    await first.until(({ ready }) => ready === 2);
    await cluster.add();
    const holder = holderOf(cluster.balancers, await cluster.agreed(cluster.balancers, 2));
    const follower = cluster.balancers.find((one) => one !== holder)!;
    const { paths } = (await follower.call("GET", "/_lb/openapi.json")).body as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    };
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
    ).filter((call) => !call.startsWith("GET "));
    const known = [...CHANGING_CALLS.map(({ call }) => call), ...OTHER_CALLS, ...OWN_CALLS];
    assertEquals(described.toSorted(), known.toSorted());
    for (const { call, path, body, shows } of CHANGING_CALLS) {
      const [method, own] = call.split(" ") as [string, string];
      const answer = await follower.call(method, path ?? own, body);
      assertEquals(answer.status, 200, `${call}: ${JSON.stringify(answer.body)}`);
      for (const one of cluster.balancers) await until(() => shows(one));
    }
    await cluster.agreed(cluster.balancers, 2);
  },
);
