import { assert, assertEquals, assertMatch } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import { within } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** An upstream that answers with its name, and holds requests for `/hang` until released. */
class Service implements AsyncDisposable {
  readonly arrived = Promise.withResolvers<void>();
  readonly release = Promise.withResolvers<void>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(readonly says: string) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async ({ url }) => {
        if (url.endsWith("/hang")) {
          this.arrived.resolve();
          await this.release.promise;
        }
        return new Response(says);
      },
    );
  }

  get address(): string {
    return `127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release.resolve();
    await this.#server.shutdown();
  }
}

function services(count: number): Service[] {
  return Array.from({ length: count }, (_, at) => new Service(`web${at + 1}`));
}

async function end(all: readonly Service[]): Promise<void> {
  for (const one of all) await one[Symbol.asyncDispose]();
}

const STATIC = { LB_ENGINE: "static", LB_HEARTBEAT_MS: "100", LB_LAYOUT: "rendezvous" };

/** Which upstream owns each of many keys, by the name that it has in the ring. */
async function owners(balancer: Balancer): Promise<string[]> {
  const { body } = await balancer.call("GET", "/_lb/ring");
  const { members, runs } = body as { members: { name: string }[]; runs: number[] };
  const slots: string[] = [];
  for (let at = 0; at < runs.length; at += 2) {
    slots.push(...Array(runs[at + 1]!).fill(members[runs[at]!]!.name));
  }
  return slots;
}

async function put(balancer: Balancer, upstreams: readonly unknown[]) {
  return await balancer.call("PUT", "/_lb/upstreams", { upstreams });
}

async function listed(balancer: Balancer): Promise<unknown> {
  return ((await balancer.call("GET", "/_lb/upstreams")).body as { upstreams: unknown }).upstreams;
}

for (const named of [true, false]) {
  const identity = named ? "names" : "addresses";
  test(`upstreams with ${identity}: without the first of five only its keys move, in another order none`, async () => {
    const all = services(5);
    const entries = all.map(({ says, address }) => named ? `${says}=${address}` : address);
    const ownersOf = async (list: readonly string[], layout = "rendezvous") => {
      await using balancer = await Balancer.ready({
        ...STATIC,
        LB_LAYOUT: layout,
        LB_UPSTREAMS: list.join(),
      });
      return await owners(balancer);
    };
    const before = await ownersOf(entries);
    assertEquals(await ownersOf(entries.toReversed()), before);
    const first = named ? "web1" : all[0]!.address;
    const after = await ownersOf(entries.slice(1));
    const moved = after.filter((name, slot) => name !== before[slot]).length;
    assertEquals(moved, before.filter((name) => name === first).length);
    assert(!after.includes(first));
    await end(all);
  });
}

test("in the default layout, too, nearly nothing but the keys of a removed upstream moves", async () => {
  const all = services(5);
  const ownersOf = async (list: readonly Service[]) => {
    await using balancer = await Balancer.ready({
      ...STATIC,
      LB_LAYOUT: "even",
      LB_UPSTREAMS: list.map(({ says, address }) => `${says}=${address}`).join(),
    });
    return await owners(balancer);
  };
  const before = await ownersOf(all);
  assertEquals(await ownersOf(all.toReversed()), before);
  // Its quotas move a few slots more, to even the shares out.
  const after = await ownersOf(all.slice(1));
  const others = after.filter((name, slot) => before[slot] !== "web1" && name !== before[slot]);
  assert(others.length < 0.05 * before.length, String(others.length));
  await end(all);
});

test("PUT /_lb/upstreams under load loses no request", async () => {
  const all = services(6);
  {
    await using balancer = await Balancer.ready({
      ...STATIC,
      LB_UPSTREAMS: all.slice(0, 3).map(({ says, address }) => `${says}=${address}`).join(),
    });
    const entry = ({ says, address }: Service, name = says) => ({ name, address });
    const lists = [
      all.slice(1).map((one) => entry(one)),
      // The same names at other addresses: all addresses change at once.
      all.slice(0, 3).map((one, at) => entry(all[at + 3]!, one.says)),
      all.slice(3).map((one) => entry(one)),
      all.slice(0, 3).map((one) => entry(one)),
    ];
    let over = false;
    const statuses = new Map<number, number>();
    const load = Array.from({ length: 8 }, async () => {
      while (!over) {
        const response = await balancer.fetch("/");
        await response.body?.cancel();
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      }
    });
    for (const list of [...lists, ...lists]) {
      assertEquals((await put(balancer, list)).status, 200);
      const { replicas } = await balancer.status();
      assertEquals(
        replicas.map(({ name, address, state }) => [name, address, state]).sort(),
        list.map(({ name, address }) => [name, address, "ready"]).sort(),
      );
    }
    over = true;
    await Promise.all(load);
    assertEquals([...statuses.keys()], [200]);
    assert((statuses.get(200) ?? 0) > 100);
  }
  await end(all);
});

test("an upstream that leaves the list finishes its requests, and gets no new ones", async () => {
  const [one, two] = services(2) as [Service, Service];
  {
    await using balancer = await Balancer.ready({
      ...STATIC,
      LB_UPSTREAMS: `one=${one.address},two=${two.address}`,
    });
    const { members } = (await balancer.call("GET", "/_lb/ring")).body as {
      members: { name: string }[];
    };
    assertEquals(members.map(({ name }) => name), ["one", "two"]);
    const ids = Array.from({ length: 64 }, (_, id) => String(id));
    const ask = async (path: string, id: string) =>
      await (await balancer.fetch(path, { headers: { "x-request-id": id } })).text();
    const answers = new Map<string, string>();
    for (const id of ids) answers.set(id, await ask("/", id));
    const id = ids.find((id) => answers.get(id) === "web1")!;
    const hanging = ask("/hang", id);
    await within("the request", one.arrived.promise);
    const putting = put(balancer, [{ name: "two", address: two.address }]);
    await balancer.until(({ replicas }) => replicas.some(({ state }) => state === "leaving"));
    for (const id of ids) assertEquals(await ask("/", id), "web2");
    one.release.resolve();
    assertEquals(await hanging, "web1");
    assertEquals((await putting).status, 200);
    assertEquals(await listed(balancer), [{ name: "two", address: two.address, weight: 1 }]);
  }
  await end([one, two]);
});

test("a list of upstreams is all or nothing", async () => {
  const [one, two] = services(2) as [Service, Service];
  {
    await using balancer = await Balancer.ready({
      ...STATIC,
      LB_HEARTBEAT_TIMEOUT_MS: "2000",
      LB_UPSTREAMS: `one=${one.address}*2,${two.address}`,
    });
    const list = [
      { name: "one", address: one.address, weight: 2 },
      { name: two.address, address: two.address, weight: 1 },
    ];
    assertEquals(await listed(balancer), list);
    const { version } = await balancer.status();
    const { address } = one;
    const refused: [status: number, list: unknown[], message: RegExp][] = [
      [400, [], /upstreams: there must be at least one; got none/],
      [409, [{ name: "a", address }, { name: "a", address: two.address }], /a is named twice/],
      [409, [{ address }, { address }], /is named twice/],
      [400, [{ address }, { address: "nowhere" }], /must be host:port.*got "nowhere"/],
      [400, [{ address, weight: 0 }], /a replica of a weight above 0 must remain/],
      [400, [{ address, weight: 1001 }], /must be a number from 0 to 1000; got 1001/],
      [503, [{ address: "127.0.0.1:9" }], /none of them answers a heartbeat within 2000 ms/],
    ];
    for (const [status, upstreams, message] of refused) {
      const answer = await put(balancer, upstreams);
      assertEquals(answer.status, status, JSON.stringify(upstreams));
      assertMatch((answer.body as { message: string }).message, message);
    }
    assertEquals(await listed(balancer), list);
    assertEquals((await balancer.status()).version, version);
    // One that does not answer yet is taken up beside others that do, as at the start.
    const dead = [...list, { name: "dead", address: "127.0.0.1:9", weight: 1 }];
    assertEquals((await put(balancer, dead)).status, 200);
    assertEquals((await balancer.status()).ready, 2);
    const path = `/_lb/replicas/${encodeURIComponent(two.address)}`;
    assertEquals((await balancer.call("PATCH", path, { weight: 3 })).status, 200);
    assertEquals(await listed(balancer), [dead[0], { ...dead[1], weight: 3 }, dead[2]]);
  }
  await end([one, two]);
});

test("a list that was changed is kept, until the setting that it was changed from is another", async () => {
  const [one, two, three] = services(3) as [Service, Service, Service];
  const folder = await Deno.makeTempDir({ dir: ".run/state", prefix: "upstreams" });
  const env = (upstreams: string) => ({
    ...STATIC,
    LB_UPSTREAMS: upstreams,
    LB_STATE_FILE: `${folder}/state.json`,
  });
  const setting = `one=${one.address},two=${two.address}`;
  const changed = [
    { name: "three", address: three.address, weight: 2 },
    { name: "two", address: two.address, weight: 1 },
  ];
  {
    await using balancer = await Balancer.ready(env(setting));
    assertEquals((await put(balancer, changed)).status, 200);
  }
  {
    // The order means nothing.
    await using balancer = await Balancer.ready(env(setting.split(",").toReversed().join()));
    assertEquals(await listed(balancer), changed);
  }
  {
    const balancer = await Balancer.ready(env(`${setting}*3`));
    assertEquals(await listed(balancer), [
      { name: "one", address: one.address, weight: 1 },
      { name: "two", address: two.address, weight: 3 },
    ]);
    assertMatch((await balancer.end("SIGTERM")).output, /LB_UPSTREAMS was changed after PUT/);
  }
  await Deno.remove(folder, { recursive: true });
  await end([one, two, three]);
});
