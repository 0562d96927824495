import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Socket } from "socket.io-client";
import { systemTest as test, whenPermitted } from "../../tools/test/needs.ts";
import { Balancer, pidOf, signal } from "../harness/balancer.ts";
import { within } from "../harness/raw.ts";

const { io } = await whenPermitted(() => import("socket.io-client"));

const USERS = 20;
const START_MS = 120_000;

const APP =
  `${Deno.execPath()} run --quiet --no-prompt --allow-net --allow-env --allow-read --allow-sys ` +
  new URL("../testdata/session_app.mjs", import.meta.url).pathname;

interface Answer {
  readonly name: string;
  readonly user: string | null;
  readonly cookies?: string;
}

/** A browser of one user: keeps cookies, and opens a socket. */
class User implements Disposable {
  readonly #url: string;
  readonly #cookies = new Map<string, string>();
  #socket: Socket | undefined;
  /** Names of the replicas that the socket was connected to. */
  readonly #greetings: string[] = [];
  #greeted = Promise.withResolvers<void>();

  constructor(url: string, readonly name: string) {
    this.#url = url;
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async get(path: string): Promise<Answer> {
    const response = await fetch(this.#url + path, { headers: { cookie: this.cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const equals = pair.indexOf("=");
      this.#cookies.set(pair.slice(0, equals), pair.slice(equals + 1));
    }
    return await response.json();
  }

  connect(transports: string[]): void {
    const extraHeaders = { cookie: this.cookie };
    const socket = io(this.#url, { transports, extraHeaders, reconnectionDelay: 20 });
    socket.on("name", (name: string) => {
      this.#greetings.push(name);
      this.#greeted.resolve();
      this.#greeted = Promise.withResolvers();
    });
    this.#socket = socket;
  }

  /** The name that the app sent after each connection; waits for that number of connections. */
  async greetings(count: number): Promise<readonly string[]> {
    const wait = async () => {
      while (this.#greetings.length < count) await this.#greeted.promise;
    };
    await within(`${count} connections of ${this.name}`, wait(), START_MS);
    return this.#greetings;
  }

  [Symbol.dispose](): void {
    this.#socket?.disconnect();
  }
}

test("users of express-session and socket.io keep their replica, also when one is killed", async (t) => {
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_REPLICAS: "3",
    LB_REPLICA_COMMAND: APP,
    LB_HEALTH_PATH: "/health",
    LB_KEY: "affinity",
  });
  const users = Array.from({ length: USERS }, (_, i) => new User(balancer.url, `user${i}`));
  using _end = { [Symbol.dispose]: () => users.forEach((user) => user[Symbol.dispose]()) };
  const homes = new Map<User, string>();
  const all = <T>(what: (user: User, i: number) => Promise<T>) => Promise.all(users.map(what));

  await t.step("a session is found again from its second request on", async () => {
    await all(async (user) => homes.set(user, (await user.get(`/login/${user.name}`)).name));
    assert(new Set(homes.values()).size > 1, "users spread over the replicas");
    for (let round = 0; round < 3; round++) {
      await all(async (user) => {
        const { name, user: known, cookies = "" } = await user.get("/me");
        assertEquals([name, known], [homes.get(user), user.name]);
        assertMatch(cookies, /^connect\.sid=[^;]+$/, "the replica does not get the cookie");
      });
    }
  });

  await t.step("socket.io connects by polling, by WebSocket and by both", async () => {
    const ways = [["polling"], ["websocket"], ["polling", "websocket"]];
    await all(async (user, i) => {
      user.connect(ways[i % ways.length]!);
      assertEquals(await user.greetings(1), [homes.get(user)!]);
    });
  });

  await t.step("socket.io's first request gets the cookie that its next ones need", async () => {
    const socket = io(balancer.url, { transports: ["polling"], withCredentials: true });
    const named = Promise.withResolvers<string>();
    socket.on("name", named.resolve);
    assertMatch(await within("a name by polling", named.promise), /^Server[123]$/);
    socket.disconnect();
  });

  const killed = homes.get(users[0]!)!;
  await t.step("a killed replica's users come back to its name, the others stay", async () => {
    const others = users.filter((user) => homes.get(user) !== killed);
    await signal(pidOf(await balancer.replica(killed)), "KILL");
    await all(async (user) => {
      const { name, user: known } = await user.get("/me");
      assertEquals(name, homes.get(user));
      assertEquals(known, others.includes(user) ? user.name : null);
      const home = homes.get(user)!;
      const connections = home === killed ? 2 : 1;
      assertEquals(await user.greetings(connections), Array(connections).fill(home));
    });
    const { replicas } = await balancer.status();
    const restarts = replicas.map(({ name, restarts }) => [name, restarts]);
    assertEquals(restarts, replicas.map(({ name }) => [name, name === killed ? 1 : 0]));
    assert(others.length > 0);
  });
});
