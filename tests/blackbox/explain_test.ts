import { assert, assertEquals } from "@std/assert";
import { Balancer, pidOf, signal } from "../harness/balancer.ts";
import { within } from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

interface Explanation {
  readonly reason: string;
  readonly key: string;
  readonly hashedAs: string;
  readonly slot: number;
  readonly owner: string;
  readonly successors: readonly string[];
  readonly digest: string;
  readonly decision: {
    readonly to: string;
    readonly name?: string;
    readonly why: string;
    readonly then?: { readonly to: string; readonly name?: string };
  };
  readonly replicas: readonly {
    readonly name: string;
    readonly ready: boolean;
    readonly inFlight: number;
    readonly cap: number | null;
  }[];
}

async function explain(balancer: Balancer, query: string): Promise<Explanation> {
  const { status, body } = await balancer.call("GET", `/_lb/explain?${query}`);
  assertEquals(status, 200, JSON.stringify(body));
  return body as Explanation;
}

/** The replica that would answer in the end: a name, or 503. */
function end({ decision }: Explanation): string {
  return decision.then?.name ?? decision.name ?? "503";
}

/** Numbers, names and typical values of a browser. */
const KEYS = [
  ...Array.from({ length: 40 }, (_, i) => String(i * 7919)),
  ...Array.from({ length: 40 }, (_, i) => `user-${i}`),
  "0",
  "007",
  "9007199254740991",
  "9007199254740992",
  "-1",
  "1.5",
  "a b",
  "x".repeat(300),
];

/** External servers: each answers with its name, and hangs on request. */
class Servers implements AsyncDisposable {
  readonly #servers: readonly Deno.HttpServer<Deno.NetAddr>[];
  readonly #release = Promise.withResolvers<void>();
  readonly down = new Set<string>();

  constructor(count: number) {
    this.#servers = Array.from({ length: count }, (_, i) => this.#serve(`Server${i + 1}`));
  }

  get upstreams(): string {
    return this.#servers.map(({ addr }, at) => `Server${at + 1}=127.0.0.1:${addr.port}`).join();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    for (const server of this.#servers) await server.shutdown();
  }

  /** Answers all hanging requests. */
  release(): void {
    this.#release.resolve();
  }

  #serve(name: string): Deno.HttpServer<Deno.NetAddr> {
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    return Deno.serve(options, async ({ url }) => {
      const { pathname } = new URL(url);
      if (pathname === "/heartbeat") {
        return new Response(null, { status: this.down.has(name) ? 503 : 200 });
      }
      if (pathname === "/hang") await this.#release.promise;
      return new Response(name);
    });
  }
}

/** Runs a test with a balancer in front of servers. */
async function before(
  env: Record<string, string>,
  test: (balancer: Balancer, servers: Servers) => Promise<void>,
): Promise<void> {
  await using servers = new Servers(3);
  await using balancer = await Balancer.ready({
    LB_ENGINE: "static",
    LB_UPSTREAMS: servers.upstreams,
    LB_HEARTBEAT_MS: "50",
    LB_DRAIN_MS: "1000",
    ...env,
  });
  await test(balancer, servers);
  servers.release();
}

async function answerer(balancer: Balancer, path: string, init: RequestInit = {}): Promise<string> {
  const response = await balancer.fetch(path, init);
  const text = await response.text();
  return response.status === 200 ? text : String(response.status);
}

const byId = (key: string) => ({ headers: { "x-request-id": key } });
const keyQuery = (key: string) => `key=${encodeURIComponent(key)}`;

test("explain names the replica that a request goes to, for any set of ready replicas", async (t) => {
  await before({}, async (balancer, servers) => {
    const compare = async () => {
      for (const key of KEYS) {
        const told = await explain(balancer, keyQuery(key));
        assertEquals(end(told), await answerer(balancer, "/", byId(key)), key);
      }
    };
    await t.step("all of them", async () => {
      await compare();
      const { reason, owner, slot } = await explain(balancer, "key=user-1");
      assertEquals(
        reason,
        `Key user-1 falls on slot ${slot}, which ${owner} owns; ${owner} is ready with 0 ` +
          "requests in flight.",
      );
    });
    await t.step("an id is the key in its decimal form", async () => {
      const { hashedAs, slot, owner } = await explain(balancer, "id=77");
      assertEquals({ hashedAs, slot, owner }, {
        hashedAs: "id",
        slot: (await explain(balancer, "key=77")).slot,
        owner: await answerer(balancer, "/", byId("77")),
      });
    });
    await t.step("one is away, and no replacement starts", async () => {
      servers.down.add("Server2");
      await balancer.until(({ ready }) => ready === 2);
      await compare();
      const told = await Promise.all(KEYS.map((key) => explain(balancer, keyQuery(key))));
      const away = told.find(({ owner }) => owner === "Server2");
      assertEquals(
        away?.reason.split("; ").slice(1).join("; "),
        `Server2 is away, and is not being replaced; the request goes to ${
          away?.successors[0]
        }, the next ready one.`,
      );
    });
    await t.step("one is left", async () => {
      servers.down.add("Server1");
      await balancer.until(({ ready }) => ready === 1);
      await compare();
    });
  });
});

test("a request goes where explain says while a replica is being replaced", async (t) => {
  for (const policy of ["hold", "spill", "fail"]) {
    await t.step(policy, async () => {
      await using balancer = await Balancer.ready({
        LB_ENGINE: "process",
        LB_HOLD: policy,
        LB_HOLD_MS: "300",
        // The first failed replica is replaced at once; the second waits for a start, and requests wait for it.
        LB_STARTS_PER_MINUTE: "1",
      });
      const kill = async (name: string) =>
        await signal(pidOf(await balancer.replica(name)), "KILL");
      await kill("Server1");
      await balancer.until(({ ready, replicas }) => {
        return ready === 3 && replicas.some(({ restarts }) => restarts === 1);
      });
      await kill("Server2");
      await balancer.until(({ ready }) => ready === 2);
      await Promise.all(KEYS.map(async (key) => {
        const told = await explain(balancer, keyQuery(key));
        const said = await answerer(balancer, "/home", byId(key));
        const number = /Hello from Server: (\d)/.exec(said)?.[1];
        assertEquals(end(told), number ? `Server${number}` : said, told.reason);
        const wanted = { hold: "wait", spill: "other", fail: "nobody" }[policy];
        assertEquals(told.decision.to, told.owner === "Server2" ? wanted : "owner", told.reason);
      }));
    });
  }
});

/** An explanation without the counts of requests in flight: the last one may not be over yet. */
function atRest(told: unknown): string {
  return JSON.stringify(told).replace(/"inFlight":\d+|\d+ requests? in flight/g, "in flight");
}

test("explain accepts the source of the key: a path, or a parameter in it", async (t) => {
  await t.step("LB_KEY=path", async () => {
    await before({ LB_KEY: "path" }, async (balancer) => {
      for (const path of ["/", "/a/b%20c", "/12", "/users/7?x=1", "/%zz?a", "//x"]) {
        const told = await explain(balancer, `path=${encodeURIComponent(path)}`);
        assertEquals(end(told), await answerer(balancer, path), path);
        assertEquals(told.key, path.split("?")[0]);
      }
    });
  });
  await t.step("LB_KEY=query:user", async () => {
    await before({ LB_KEY: "query:user" }, async (balancer) => {
      for (const user of ["alice", "77", "a%20b", "%C3%A9t%C3%A9", "", "a+b", "x&user=y"]) {
        const path = `/home?page=2&user=${user}`;
        const told = await explain(balancer, `path=${encodeURIComponent(path)}`);
        assertEquals(end(told), await answerer(balancer, path), user);
        if (user === "") continue;
        assertEquals(atRest(await explain(balancer, keyQuery(told.key))), atRest(told));
      }
    });
  });
  await t.step("LB_KEY=header:X-User, which a path does not contain", async () => {
    await before({ LB_KEY: "header:X-User" }, async (balancer) => {
      for (const user of ["alice", "77", "a b"]) {
        const told = await explain(balancer, keyQuery(user));
        const headers = { "x-user": user };
        assertEquals(end(told), await answerer(balancer, "/", { headers }), user);
      }
      assertEquals(await balancer.call("GET", "/_lb/explain?path=/home"), {
        status: 400,
        body: {
          message: "<Error> path: decides nothing with LB_KEY=header:X-User; give key= or id= " +
            "instead",
          status: "failure",
        },
      });
    });
  });
});

test("a request goes where explain says while replicas have as much as they may", async () => {
  await before({ LB_LOAD_BOUND: "1.25" }, async (balancer, servers) => {
    const hanging: Promise<string>[] = [];
    const whys = new Set<string>();
    for (let round = 1; round <= 12; round++) {
      // All with one key, so that its owner has no room any more, and then the next one.
      hanging.push(answerer(balancer, "/hang", byId("user-1")));
      for (const key of ["user-1", "user-2", "5", "6", "7"]) {
        await within("the answers before", settled(balancer, round));
        const told = await explain(balancer, keyQuery(key));
        assertEquals(end(told), await answerer(balancer, "/", byId(key)), told.reason);
        whys.add(told.decision.why);
      }
    }
    assertEquals(whys, new Set(["ready", "full"]));
    servers.release();
    assert(new Set(await Promise.all(hanging)).size > 1);
  });
});

/** Waits until as many requests are in flight as hang, each within the cap that it was given. */
async function settled(balancer: Balancer, hanging: number): Promise<void> {
  for (;;) {
    const { replicas } = await explain(balancer, "key=a");
    assert(replicas.every(({ cap, inFlight }) => cap !== null && inFlight <= cap));
    if (replicas.reduce((sum, { inFlight }) => sum + inFlight, 0) === hanging) return;
  }
}

test("a quarantined key is reported, and answered 503", async () => {
  const mortal = new URL("../testdata/mortal.ts", import.meta.url).pathname;
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_REPLICA_COMMAND:
      `${Deno.execPath()} run --quiet --no-prompt --allow-net --allow-env=LIFE_MS,PORT,REFUSES,SERVER_NAME,VERSION ${mortal}`,
    LB_KEY: "path",
    LB_POISON_DEATHS: "1",
  });
  await answerer(balancer, "/die");
  await balancer.until(({ quarantined }) => quarantined.length === 1);
  const told = await explain(balancer, "path=/die");
  assertEquals(told.decision, { to: "nobody", why: "quarantined" });
  assertEquals(
    told.reason,
    "Key /die is quarantined, because replicas died of requests with it; it is answered 503.",
  );
  assertEquals(await answerer(balancer, "/die"), "503");
});
