import { assert, assertEquals, assertMatch } from "@std/assert";
import { Balancer } from "../harness/balancer.ts";
import {
  field,
  get,
  OK,
  RawBalancer,
  RawConnection,
  RawUpstream,
  statusOf,
  within,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

/** Few enough to run out of, and enough to start with. */
const OPEN_FILES = 256;

/** Connections may take half of them, and clients nine tenths of that half. */
const CONNECTIONS = OPEN_FILES / 2;
const CLIENTS = Math.floor(CONNECTIONS * 0.9);

/** Connections that clients cannot take; each worker may have accepted one too many. */
const FOR_REPLICAS = CONNECTIONS - CLIENTS - 2;

function limited(
  upstreams: readonly RawUpstream[],
  env: Record<string, string> = {},
): Promise<RawBalancer> {
  return RawBalancer.for(upstreams.map(({ address }) => address), {
    LB_HEALTH_PATH: "/heartbeat",
    LB_HEARTBEAT_MS: "50",
    // Heartbeats without a descriptor fail at once; slow ones are not a subject of this test.
    LB_HEARTBEAT_TIMEOUT_MS: "20000",
    LB_WORKERS: "2",
    // All clients of these tests have one address.
    LB_MAX_CONNECTIONS_PER_CLIENT: "0",
    ...env,
  }, OPEN_FILES);
}

/** A request with an id, which ends its connection. */
function once(id: number): string {
  return get("/", `X-Request-Id: ${id}`, "Connection: close");
}

/** Sends a request. @returns 0 where the connection was ended before the answer was read */
async function statusOn(connection: RawConnection): Promise<number> {
  try {
    await connection.send(get());
    return statusOf(await connection.response());
  } catch {
    return 0;
  }
}

/** Clients that are connected at the same time; at its end a gate is opened. */
class Crowd implements Disposable {
  readonly clients: RawConnection[] = [];

  private constructor(readonly gate?: Gate) {}

  /** Connects a number of clients, one after the other. */
  static async of(balancer: RawBalancer, count: number, gate?: Gate): Promise<Crowd> {
    using stack = new DisposableStack();
    const crowd = stack.use(new Crowd(gate));
    while (crowd.clients.length < count) crowd.clients.push(await balancer.connect());
    stack.move();
    return crowd;
  }

  /** Takes half of the clients out; the caller closes them. */
  half(): RawConnection[] {
    return this.clients.splice(this.clients.length / 2);
  }

  [Symbol.dispose](): void {
    this.gate?.open();
    for (const client of this.clients) client.close();
  }
}

/** Answers no request before it is opened. */
class Gate {
  readonly #opened = Promise.withResolvers<void>();
  #onArrival = () => {};
  arrived = 0;
  readonly answer = async (): Promise<string> => {
    this.arrived++;
    this.#onArrival();
    await this.#opened.promise;
    return OK;
  };

  /** Waits until the given number of requests has arrived. */
  async reached(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onArrival = () => {
      if (this.arrived >= count) resolve();
    };
    this.#onArrival();
    const late = () => new Error(`${this.arrived} of ${count} requests arrived`);
    await within("requests", promise).catch((cause) => {
      throw Object.assign(late(), { cause });
    });
  }

  open(): void {
    this.#opened.resolve();
  }
}

async function assertUnharmed(balancer: RawBalancer, upstreams: number): Promise<void> {
  const { ready, replicas, failures } = await balancer.balancer.status();
  assertEquals([ready, replicas.length], [upstreams, upstreams]);
  assertEquals(replicas.map(({ lastError }) => lastError), replicas.map(() => null));
  assertEquals(failures, {});
}

test("more requests at once than there are files: all are answered, and no replica is blamed", async () => {
  const gate = new Gate();
  await using first = new RawUpstream(gate.answer);
  await using second = new RawUpstream(gate.answer);
  await using balancer = await limited([first, second]);
  const answers = Array.from({ length: 2 * OPEN_FILES }, async (_, id) => {
    return statusOf(await balancer.ask(once(id)));
  });
  await gate.reached(FOR_REPLICAS);
  gate.open();
  assertEquals((await Promise.all(answers)).filter((status) => status !== 200), []);
  await assertUnharmed(balancer, 2);
});

test("clients that hold nearly all files share the connections that are left, in turns", async () => {
  await using first = new RawUpstream(() => OK);
  await using second = new RawUpstream(() => OK);
  await using balancer = await limited([first, second]);
  using crowd = await Crowd.of(balancer, CLIENTS - 4);
  const { clients } = crowd;
  for (let round = 0; round < 3; round++) {
    const statuses = clients.map(async (client, id) => {
      await client.send(get("/", `X-Request-Id: ${id}`));
      return statusOf(await client.response());
    });
    assertEquals((await Promise.all(statuses)).filter((status) => status !== 200), []);
  }
  await assertUnharmed(balancer, 2);
});

test("connections above the limit are refused, and the response names the limit to raise", async () => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await limited([upstream], { LB_WORKERS: "1", LB_HOLD_MS: "100" });
  using crowd = await Crowd.of(balancer, CLIENTS);
  const { clients } = crowd;
  await clients[0]?.send(get());
  await clients[0]?.response();
  const answer = await balancer.ask("");
  assertEquals([statusOf(answer), field(answer, "retry-after")], [503, "1"]);
  assertMatch(answer.body, /ulimit -n/);
  await clients[0]?.send(get());
  assertEquals(statusOf(await clients[0]!.response()), 200);
});

test("a request waits for room no longer than it may, and its replica is not blamed", async () => {
  const gate = new Gate();
  await using upstream = new RawUpstream(gate.answer);
  await using balancer = await limited([upstream], { LB_WORKERS: "1", LB_HOLD_MS: "300" });
  using crowd = await Crowd.of(balancer, CLIENTS - 4, gate);
  const { clients } = crowd;
  const answers = clients.map(async (client) => {
    await client.send(get());
    return await client.response();
  });
  const late = await Promise.race(answers);
  assertEquals([statusOf(late), field(late, "retry-after")], [503, "1"]);
  assertMatch(late.body, /ulimit -n/);
  gate.open();
  const statuses = (await Promise.all(answers)).map(statusOf);
  assertEquals(statuses.filter((status) => status === 200).length >= gate.arrived, true);
  await assertUnharmed(balancer, 1);
});

test("clients that close while their requests wait for room give their files up to others", async () => {
  const gate = new Gate();
  await using upstream = new RawUpstream(gate.answer);
  await using balancer = await limited([upstream], { LB_WORKERS: "1", LB_HOLD_MS: "60000" });
  using crowd = await Crowd.of(balancer, CLIENTS - 4, gate);
  const { clients } = crowd;
  for (const client of clients) await client.send(get());
  await gate.reached(FOR_REPLICAS);
  const left = crowd.half();
  for (const client of left) client.close();
  await gate.reached(clients.length);
  gate.open();
  for (const client of clients) assertEquals(statusOf(await client.response()), 200);
});

test("a half-closed client is refused while files are short, and the response says why", async () => {
  const gate = new Gate();
  await using upstream = new RawUpstream(gate.answer);
  await using balancer = await limited([upstream], { LB_WORKERS: "1", LB_HOLD_MS: "60000" });
  using crowd = await Crowd.of(balancer, CLIENTS - 4, gate);
  const { clients } = crowd;
  for (const client of clients) await client.send(get());
  await gate.reached(FOR_REPLICAS);
  const ended = crowd.half();
  const refusals = ended.map(async (client) => {
    await client.end();
    return await client.response();
  });
  // The others have a request with the replica, which answers none yet.
  const answer = await Promise.race(refusals);
  assertEquals([statusOf(answer), field(answer, "retry-after")], [503, "1"]);
  assertMatch(answer.body, /ulimit -n/);
  gate.open();
  const statuses = (await Promise.all(refusals)).map(statusOf);
  assertEquals(statuses.filter((status) => status !== 200 && status !== 503), []);
  for (const client of clients) assertEquals(statusOf(await client.response()), 200);
  await assertUnharmed(balancer, 1);
});

test("replicas of its own are not replaced when files run out", async () => {
  await using balancer = await Balancer.ready(
    {
      LB_ENGINE: "process",
      LB_HEARTBEAT_MS: "50",
      LB_HEARTBEAT_TIMEOUT_MS: "20000",
      LB_MAX_CONNECTIONS_PER_CLIENT: "0",
    },
    OPEN_FILES,
  );
  const raw = new RawBalancer(balancer);
  const answers = Array.from({ length: 4 * OPEN_FILES }, async (_, id) => {
    return statusOf(
      await raw.ask(
        `GET /home HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${id}\r\nConnection: close\r\n\r\n`,
      ),
    );
  });
  assertEquals((await Promise.all(answers)).filter((status) => status !== 200), []);
  const { replicas, ready } = await balancer.status();
  assertEquals([ready, replicas.map(({ restarts }) => restarts)], [3, [0, 0, 0]]);
  assert(replicas.every(({ lastError }) => lastError === null));
});

test("clients of one address leave half of the connections to others, unless a setting says", async () => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await limited([upstream], {
    LB_MAX_CONNECTIONS_PER_CLIENT: "auto",
    LB_WORKERS: "1",
  });
  const greedy: RawConnection[] = [];
  using client = Deno.createHttpClient({ localAddress: "127.0.0.2" });
  try {
    while (greedy.length < 300) greedy.push(await balancer.connect());
    const statuses = await Promise.all(greedy.map(statusOn));
    // A few more where a connection waited long enough to make room for another one.
    assert(statuses.filter((status) => status === 200).length >= CLIENTS / 2 - 1);
    assert(statuses.some((status) => status !== 200));
    const response = await fetch(`${balancer.balancer.url}/home`, { client });
    assertEquals([response.status, await response.text()], [200, "ok"]);
  } finally {
    for (const connection of greedy) connection.close();
  }
});

test("a client at its bound loses the connection that waits, not the new one", async () => {
  await using upstream = new RawUpstream(() => OK);
  await using balancer = await limited([upstream], {
    LB_MAX_CONNECTIONS_PER_CLIENT: "auto",
    LB_WORKERS: "1",
  });
  const idle: RawConnection[] = [];
  try {
    while (idle.length < Math.ceil(CLIENTS / 2) - 1) idle.push(await balancer.connect());
    // The ones that have waited for a second end as soon as others come for them.
    const ended = idle[0]!.rest();
    let served = 0;
    let isOver = false;
    ended.then(() => isOver = true);
    while (!isOver) {
      const connection = await balancer.connect();
      idle.push(connection);
      if (await statusOn(connection) === 200) served++;
    }
    assertEquals(await ended, { text: "", reset: false });
    assert(served > 0);
  } finally {
    for (const connection of idle) connection.close();
  }
});
