import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Random } from "../../balancer/proxy/http1/fuzz/fuzz_random.ts";
import { compareRings, type Layout, movedIds, Ring } from "../../ring/mod.ts";
import { type Answer, Balancer, type Replica, type Status } from "../harness/balancer.ts";
import { countById, Load } from "../harness/load.ts";
import { upstreamsOf } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

type Weighted = Replica & { readonly weight: number; readonly slots: number };

type RingStatus = Omit<Status, "replicas"> & {
  readonly slots: number;
  readonly virtualServers: number;
  readonly layout: Layout;
  readonly hashes: "fibonacci" | "seed" | "classic" | "hashed";
  readonly replicas: readonly Weighted[];
};

interface Flow {
  readonly from: string | null;
  readonly to: string | null;
  readonly share: number;
}

interface Changed {
  readonly version: number;
  readonly digest: string;
  readonly moved: {
    readonly share: number;
    readonly ids: number;
    readonly flows: readonly Flow[];
    readonly flowsLeftOut: number;
  };
}

interface Facts {
  readonly members: number;
  readonly digest: string;
  readonly slots: number;
  readonly layout: string;
  readonly maxOverMean: number;
  readonly capacity: number;
}

interface Planned extends Pick<Changed, "moved"> {
  readonly id: string;
  readonly basedOn: string;
  readonly expiresAt: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly before: Facts;
  readonly after: Facts;
}

async function ringStatus(balancer: Balancer): Promise<RingStatus> {
  return await balancer.status() as unknown as RingStatus;
}

/** Makes a call that has to succeed. */
async function made<T>(
  balancer: Balancer,
  method: string,
  path: string,
  body: unknown,
): Promise<T> {
  const answer = await balancer.call(method, path, body);
  const { message, status } = answer.body as { message: T; status: string };
  assertEquals([answer.status, status], [200, "successful"], JSON.stringify(answer));
  return message;
}

/** The ring of a status, built again from its members and shape. */
function ringOf({ replicas, slots, virtualServers, layout, hashes }: RingStatus): Ring {
  const members = replicas.map(({ name, weight }) => ({ name, weight }));
  return Ring.build({ members, slots, virtualServers, layout, hashes });
}

/** Makes a change, and compares its answer with the ring module's result. */
async function change(
  balancer: Balancer,
  method: string,
  path: string,
  body: unknown,
): Promise<Changed> {
  const before = ringOf(await ringStatus(balancer));
  const changed = await made<Changed>(balancer, method, path, body);
  const status = await ringStatus(balancer);
  assertEquals([changed.version, changed.digest], [status.version, status.digest]);
  assertEquals(ringOf(status).digest, status.digest);
  const { share, flows } = compareRings(before, ringOf(status));
  assertEquals([changed.moved.share, changed.moved.flows], [share, flows as readonly Flow[]]);
  assertEquals(changed.moved.ids, movedIds(before, ringOf(status)));
  return changed;
}

test("weights are set, changed and removed, and shares follow them", async (t) => {
  await using balancer = await Balancer.ready({ LB_ENGINE: "process" });
  const shares = async () => {
    const { replicas, slots } = await ringStatus(balancer);
    return new Map(replicas.map((one) => [one.name, one.slots / slots]));
  };
  const assertShares = async (weights: Readonly<Record<string, number>>) => {
    const sum = Object.values(weights).reduce((a, b) => a + b);
    const found = await shares();
    for (const [name, weight] of Object.entries(weights)) {
      assert(Math.abs((found.get(name) ?? 0) - weight / sum) < 0.01, `${name} of ${sum}`);
    }
  };
  const others = { Server1: 1, Server2: 1, Server3: 1 };

  await t.step("POST /add with a weight", async () => {
    const answer = await balancer.call("POST", "/add", {
      n: 1,
      hostnames: ["constructor"],
      weights: { constructor: 3 },
    });
    assertEquals(answer.status, 200, JSON.stringify(answer.body));
    await assertShares({ ...others, constructor: 3 });
    const counts = await countById(`${balancer.url}/home`, 3000, 8);
    const big = counts.get("Hello from Server: constructor") ?? 0;
    assert(Math.abs(big / 3000 - 0.5) < 0.01, `${big} of 3000`);
  });

  await t.step("PATCH /_lb/replicas/NAME", async () => {
    const { moved } = await change(balancer, "PATCH", "/_lb/replicas/constructor", { weight: 1.5 });
    await assertShares({ ...others, constructor: 1.5 });
    assert(moved.share >= 1 / 2 - 1 / 3 - 0.01 && moved.share < 0.3, `${moved.share} moved`);
    assertEquals(moved.flows.reduce((sum, { share }) => sum + share, 0), moved.share);
  });

  await t.step("the same weight again moves nothing and keeps the ring", async () => {
    const { digest } = await balancer.status();
    const again = await change(balancer, "PATCH", "/_lb/replicas/constructor", { weight: 1.5 });
    assertEquals([again.digest, again.moved.share], [digest, 0]);
  });

  await t.step("0 drains, and the replica stays", async () => {
    await change(balancer, "PATCH", "/_lb/replicas/constructor", { weight: 0 });
    await assertShares({ ...others, constructor: 0 });
    const counts = await countById(`${balancer.url}/home`, 1000, 8);
    assertEquals(counts.get("Hello from Server: constructor"), undefined);
    assertEquals((await balancer.status()).ready, 4);
  });

  await t.step("one of them has to serve", async () => {
    for (const name of ["Server1", "Server2"]) {
      await change(balancer, "PATCH", `/_lb/replicas/${name}`, { weight: 0 });
    }
    const { digest } = await balancer.status();
    const answer = await balancer.call("PATCH", "/_lb/replicas/Server3", { weight: 0 });
    assertEquals(answer, {
      status: 400,
      body: {
        message: "<Error> weights: a replica of a weight above 0 must remain; got 4 of weight 0 " +
          "and no other",
        status: "failure",
      },
    });
    assertEquals((await balancer.status()).digest, digest);
    await change(balancer, "PATCH", "/_lb/replicas/Server1", { weight: 1000 });
    await assertShares({ Server1: 1000, Server3: 1 });
  });
});

test("a request goes on where it runs when its replica is given the weight 0", async () => {
  const release = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const servers = ["one", "two"].map((name) =>
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async ({ url }) => {
      if (!url.endsWith("/hang")) return new Response(name);
      arrived.resolve();
      await release.promise;
      return new Response(name);
    })
  );
  {
    await using balancer = await Balancer.ready({
      LB_ENGINE: "static",
      LB_UPSTREAMS: upstreamsOf(servers.map(({ addr }) => `127.0.0.1:${addr.port}`)),
      LB_HEALTH_PATH: "",
    });
    const ask = async (path: string) =>
      await (await balancer.fetch(path, { headers: { "x-request-id": "5" } })).text();
    const owner = await ask("/");
    const hanging = ask("/hang");
    await arrived.promise;
    const name = owner === "one" ? "Server1" : "Server2";
    await change(balancer, "PATCH", `/_lb/replicas/${name}`, { weight: 0 });
    assertNotEquals(await ask("/"), owner);
    release.resolve();
    assertEquals(await hanging, owner);
  }
  for (const server of servers) await server.shutdown();
});

test("the ring takes another shape in one view, under load, and no request is lost", async () => {
  await using balancer = await Balancer.ready({ LB_ENGINE: "process" });
  const load = new Load(`${balancer.url}/home`, 8);
  const shapes = [
    { slots: 4096 },
    { layout: "ring", virtualServers: 100 },
    { hashes: "hashed" },
    { layout: "rendezvous", slots: 1000, virtualServers: 9, hashes: "classic" },
    { layout: "even", slots: 65536 },
    { slots: 3 },
    { slots: 512 },
    { hashes: "fibonacci" },
  ];
  const first = await balancer.status();
  for (const shape of shapes) {
    const { version } = await balancer.status();
    const changed = await change(balancer, "PATCH", "/_lb/ring", shape);
    assertEquals(changed.version, version + 1);
    assertEquals({ ...await ringStatus(balancer), ...shape }, await ringStatus(balancer));
    assert(changed.moved.ids > 0);
  }
  const { failed, served } = await load.stop();
  assertEquals([failed, served.size], [[], 3]);
  assertEquals((await balancer.status()).digest, first.digest);
});

test("a plan reports its movements, changes nothing, and applies exactly those", async (t) => {
  await using balancer = await Balancer.ready({ LB_ENGINE: "process" });
  const request = {
    add: 2,
    hostnames: ["Big"],
    remove: ["Server3"],
    weights: { Big: 3, Server1: 0.5 },
    slots: 4096,
    layout: "rendezvous",
  };
  let plan: Planned | undefined;

  await t.step("POST /_lb/plan", async () => {
    const before = await ringStatus(balancer);
    plan = await made<Planned>(balancer, "POST", "/_lb/plan", request);
    assertEquals(await ringStatus(balancer), before);
    assertEquals([plan.add, plan.remove], [["Big", "Server4"], ["Server3"]]);
    assertEquals([plan.basedOn, plan.before.digest], [before.digest, before.digest]);
    assertEquals([plan.before.slots, plan.after.slots], [512, 4096]);
    assertEquals([plan.before.members, plan.after.members], [3, 4]);
    assertEquals([plan.before.capacity, plan.after.capacity], [512, 4096]);
    assert(plan.before.maxOverMean >= 1 && plan.before.maxOverMean < 1.01);
    assert(plan.after.maxOverMean > 1, `${plan.after.maxOverMean}`);
    assert(plan.moved.share > 0 && plan.moved.share < 1);
    assert(Date.parse(plan.expiresAt) > Date.now());
  });

  await t.step("POST /_lb/apply", async () => {
    const load = new Load(`${balancer.url}/home`, 4);
    const applied = await made<Changed>(balancer, "POST", "/_lb/apply", { plan: plan?.id });
    const { failed } = await load.stop();
    assertEquals(failed, []);
    const status = await ringStatus(balancer);
    assertEquals([applied.digest, status.digest], [plan?.after.digest, plan?.after.digest]);
    assertEquals(applied.moved, plan?.moved);
    assertEquals(
      Object.fromEntries(status.replicas.map(({ name, weight }) => [name, weight])),
      { Server1: 0.5, Server2: 1, Big: 3, Server4: 1 },
    );
  });

  await t.step("a plan is applied once", async () => {
    assertRefused(await balancer.call("POST", "/_lb/apply", { plan: plan?.id }), 404, "plan: ");
  });

  await t.step("and not when the ring has changed since", async () => {
    const { id } = await made<Planned>(balancer, "POST", "/_lb/plan", { slots: 512 });
    await change(balancer, "PATCH", "/_lb/replicas/Big", { weight: 2 });
    const { digest } = await balancer.status();
    const answer = await balancer.call("POST", "/_lb/apply", { plan: id });
    assertRefused(answer, 409, "plan: ", digest);
    assertEquals((await balancer.status()).digest, digest);
  });

  await t.step("nor when the same was asked for twice", async () => {
    const plans = [];
    for (let i = 0; i < 2; i++) {
      plans.push(await made<Planned>(balancer, "POST", "/_lb/plan", { slots: 1024 }));
    }
    const answers = await Promise.all(
      plans.map(({ id }) => balancer.call("POST", "/_lb/apply", { plan: id })),
    );
    assertEquals(answers.map(({ status }) => status).sort(), [200, 409]);
  });
});

function assertRefused({ status, body }: Answer, expected: number, ...parts: string[]): void {
  const { message, status: verdict } = body as { message: string; status: string };
  assertEquals([status, verdict], [expected, "failure"], message);
  assert(message.startsWith("<Error> "), message);
  for (const part of parts) assert(message.includes(part), `${part} in ${message}`);
}

const ADD = ["POST", "/add"] as const;
const WEIGH = ["PATCH", "/_lb/replicas/Server1"] as const;
const RING = ["PATCH", "/_lb/ring"] as const;
const PLAN = ["POST", "/_lb/plan"] as const;
const APPLY = ["POST", "/_lb/apply"] as const;

/** Invalid bodies, and the parts of their errors: field, bound and value. */
const BAD: readonly (readonly [
  call: readonly [string, string],
  body: unknown,
  status: number,
  ...parts: string[],
])[] = [
  [ADD, { n: 1, hostnames: ["a"], weights: { a: 1001 } }, 400, "weights.a: ", "1000", "1001"],
  [ADD, { n: 1, hostnames: ["a"], weights: { a: -1 } }, 400, "weights.a: ", "from 0", "-1"],
  [ADD, { n: 1, hostnames: ["a"], weights: { Server1: 2 } }, 400, "weights: ", "hostnames"],
  [ADD, { n: 1, weights: { Server9: 2 } }, 400, "weights: ", "hostnames", "Server9"],
  [ADD, '{"n":1,"weights":{"__proto__":2}}', 400, "weights: ", "__proto__"],
  [ADD, { n: 1, hostnames: ["a"], weights: [3] }, 400, "weights: ", "object", "[3]"],
  [WEIGH, {}, 400, "weight: ", "from 0 to 1000", "nothing"],
  [WEIGH, { weight: "heavy" }, 400, "weight: ", "from 0 to 1000", '"heavy"'],
  [WEIGH, '{"weight":1e999}', 400, "weight: ", "from 0 to 1000", "Infinity"],
  [WEIGH, { weight: 1, name: "x" }, 400, "body: ", 'must have no fields but weight; got ["name"]'],
  [WEIGH, "", 400, "body: ", "JSON"],
  [["PATCH", "/_lb/replicas/Server9"], { weight: 2 }, 404, "Server9"],
  [["PATCH", "/_lb/replicas/toString"], { weight: 2 }, 404, "toString"],
  [["PATCH", "/_lb/replicas/a%2Fb"], { weight: 2 }, 400, "name: ", "63 letters", '"a/b"'],
  [["PATCH", "/_lb/replicas/__proto__"], { weight: 2 }, 400, "name: ", "__proto__"],
  [["PUT", "/_lb/replicas/Server1"], { weight: 2 }, 405, "has PATCH, OPTIONS"],
  [["PATCH", "/_lb/replicas/"], { weight: 2 }, 404, "PATCH /_lb/replicas/NAME"],
  [RING, {}, 400, "body: ", "slots, virtualServers, layout and hashes"],
  [RING, [], 400, "body: ", "object", "[]"],
  [RING, { slots: 0 }, 400, "slots: ", "1 to 65536", "got 0"],
  [RING, { slots: 65537 }, 400, "slots: ", "1 to 65536", "65537"],
  [RING, { slots: 2 }, 400, "slots: ", "3 replicas", "room for 2"],
  [RING, { layout: "ring", virtualServers: 200 }, 400, "layout: ", "3 replicas", "room for 2"],
  [RING, { virtualServers: 65537 }, 400, "virtualServers: ", "1 to 65536", "65537"],
  [RING, { layout: "circle" }, 400, "layout: ", "even, ring, rendezvous", "circle"],
  [RING, { hashes: "md5" }, 400, "hashes: ", "fibonacci, seed, classic, hashed", "md5"],
  [RING, { members: ["a"] }, 400, "body: ", 'got ["members"]'],
  [PLAN, {}, 400, "body: ", "add, hostnames, remove, weights"],
  [PLAN, { add: 62 }, 400, "add: ", "limit is 64"],
  [PLAN, { add: 1e15 }, 400, "add: ", "limit is 64"],
  [PLAN, { add: 1, hostnames: ["a", "b"] }, 400, "hostnames: ", "which is 1", "got 2"],
  [PLAN, { hostnames: ["Server1"] }, 409, "hostnames: ", "Server1"],
  [PLAN, { hostnames: ["a", "a"] }, 409, "hostnames: ", "a is named twice"],
  [PLAN, { remove: ["S9"] }, 404, "remove: ", "S9"],
  [PLAN, { remove: ["Server1", "Server1"] }, 409, "remove: ", "named twice"],
  [PLAN, { weights: { S9: 1 } }, 404, "weights.S9: ", "S9"],
  [PLAN, { weights: { Server1: 0, Server2: 0, Server3: 0 } }, 400, "weights: ", "above 0"],
  [PLAN, { remove: ["Server1"], weights: { Server1: 2 } }, 404, "weights.Server1: "],
  [PLAN, { slots: 2 }, 400, "slots: ", "room for 2"],
  [PLAN, { slots: 2.5 }, 400, "slots: ", "1 to 65536", "2.5"],
  [APPLY, {}, 400, "plan: ", "POST /_lb/plan", "nothing"],
  [APPLY, { plan: "no such" }, 400, "plan: ", "no such"],
  [APPLY, { plan: "none" }, 404, "plan: ", "none"],
  [APPLY, { plan: "x".repeat(70_000) }, 413, "65536 bytes"],
];

test("an invalid request is refused with field, bound and value, and nothing changes", async () => {
  await using balancer = await Balancer.ready({ LB_ENGINE: "process" });
  const before = await ringStatus(balancer);
  for (const [[method, path], body, status, ...parts] of BAD) {
    assertRefused(await balancer.call(method, path, body), status, ...parts);
    assertEquals(await ringStatus(balancer), before);
  }
});

test("no body causes a failure, and a refused one changes nothing", async () => {
  const random = new Random(20261123);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("ok"),
  );
  const upstream = `127.0.0.1:${server.addr.port}`;
  {
    await using balancer = await Balancer.ready({
      LB_ENGINE: "static",
      LB_UPSTREAMS: upstreamsOf([upstream, upstream, upstream]),
      LB_HEALTH_PATH: "",
    });
    let { digest, version } = await balancer.status();
    const seen = new Set<number>();
    for (let round = 0; round < 600; round++) {
      const call = random.pick([ADD, WEIGH, RING, PLAN, APPLY]);
      const [method, path] = call;
      const body = bodyOf(call, random);
      const answer = await balancer.call(method, path, body);
      const told = `${method} ${path} ${body.slice(0, 300)}: ${JSON.stringify(answer.body)}`;
      assert([200, 400, 404, 409].includes(answer.status), told);
      seen.add(answer.status);
      const after = await balancer.status();
      if (answer.status === 200 && path !== PLAN[1]) {
        assertEquals((answer.body as { message: Changed }).message.digest, after.digest, told);
      } else assertEquals([after.digest, after.version], [digest, version], told);
      ({ digest, version } = after);
      assertEquals(after.failures, {}, told);
    }
    assertEquals(seen, new Set([200, 400, 404, 409]));
  }
  await server.shutdown();
});

const SHAPE_FIELDS = ["slots", "virtualServers", "layout", "hashes"];

/** The fields that belong to each call. */
const FIELDS = new Map<readonly string[], readonly string[]>([
  [ADD, ["n", "hostnames", "weights"]],
  [WEIGH, ["weight"]],
  [RING, SHAPE_FIELDS],
  [PLAN, ["add", "hostnames", "remove", "weights", ...SHAPE_FIELDS]],
  [APPLY, ["plan"]],
]);

const STRAYS = ["__proto__", "constructor", "toString", "", "n", "weight", "plan", "slots"];

/** Fields that belong there, now and then one that does not, and values that fit by chance. */
function bodyOf(call: readonly string[], random: Random): string {
  if (random.once(12)) return mangled(bodyOf(call, random), random);
  const known = FIELDS.get(call) ?? [];
  const fields = Array.from({ length: random.below(3) + 1 }, () => {
    const field = random.pick(random.once(8) ? STRAYS : known);
    return `${JSON.stringify(field)}:${valueOf(field, random)}`;
  });
  return `{${fields.join()}}`;
}

const VALUES = ["null", "true", "-1", "0", "1", "2.5", "512", "65537", "1e999", "-0", "1e-320"]
  .concat('""', '"Server1"', '"a b"', '"ring"', '"\\ud800"', "[]", "{}", '["Server1"]', "[[]]")
  .concat('{"Server1":2}', '{"__proto__":1}', '{"constructor":1,"Server2":0}', '{"Server1":{}}')
  .concat("[".repeat(10_000) + "]".repeat(10_000));

function valueOf(field: string, random: Random): string {
  if (random.once(3)) return random.pick(VALUES);
  switch (field) {
    case "n":
    case "add":
      return String(random.below(4));
    case "hostnames":
    case "remove":
      return random.pick(['["Server1"]', '["a","b"]', "[]", '["Server2","Server3"]']);
    case "plan":
      return random.pick(['"none"', '"a-b_c"']);
    case "slots":
    case "virtualServers":
      return String(random.below(70) + 1);
    case "layout":
      return random.pick(['"even"', '"ring"', '"rendezvous"']);
    case "hashes":
      return random.pick(['"seed"', '"classic"', '"hashed"', '"fibonacci"']);
    case "weight":
      return String(random.below(3000) / 3);
    case "weights":
      return `{"Server${random.below(4) + 1}":${random.below(3)}}`;
    default:
      return random.pick(VALUES);
  }
}

/** With a character taken out, put in or changed. */
function mangled(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const put = random.pick(["", "{", '"', ",", "\0", "é", "9"]);
  return text.slice(0, at) + put + text.slice(at + random.below(2));
}

test("each call that changes or plans requires the token, and pages of other sites are refused", async () => {
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_REPLICAS: "2",
    LB_ADMIN_TOKEN: "s3cret",
  });
  const { digest } = await balancer.status();
  const calls: [readonly [string, string], unknown][] = [
    [ADD, { n: 1, hostnames: ["Big"], weights: { Big: 2 } }],
    [WEIGH, { weight: 2 }],
    [RING, { slots: 64 }],
    [PLAN, { slots: 64 }],
    [APPLY, { plan: "none" }],
  ];
  const authorization = "Bearer s3cret";
  for (const [[method, path], body] of calls) {
    const status = async (headers: Record<string, string>) => {
      const response = await balancer.fetch(path, { method, body: JSON.stringify(body), headers });
      await response.body?.cancel();
      return response.status;
    };
    assertEquals(await status({}), 401, path);
    assertEquals(await status({ authorization: "Bearer other" }), 401, path);
    assertEquals(await status({ authorization, origin: "https://evil.example" }), 403, path);
    assertEquals(await status({ authorization, "sec-fetch-site": "cross-site" }), 403, path);
  }
  assertEquals((await balancer.status()).digest, digest);
  assertEquals((await balancer.call("GET", "/_lb/explain?key=a")).status, 200);
  const response = await balancer.fetch("/_lb/ring", {
    method: "PATCH",
    body: '{"slots":64}',
    headers: { authorization },
  });
  assertEquals((await response.json()).status, "successful");
});
