import { assert, assertEquals } from "@std/assert";
import { loadCap, type Ring } from "../../ring/mod.ts";
import { type Chance, chance } from "../../bench/harness/random.ts";
import { DataPlaneHarness, getOf, idOf } from "./harness/data_plane.ts";
import {
  balancerFor,
  DEADLINE_MS,
  get,
  OK,
  type RawBalancer,
  type RawConnection,
  RawUpstream,
  statusOf,
} from "../harness/raw.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const REPLICAS = 10;
const CLIENTS = 200;
const KEYS = 10_000;

/** Draws keys by Zipf's law with exponent 1: the n-th key is 1/n as frequent as the first. */
class Zipf {
  readonly #sums = new Float64Array(KEYS);

  constructor(readonly draw: Chance) {
    let sum = 0;
    for (let rank = 1; rank <= KEYS; rank++) this.#sums[rank - 1] = sum += 1 / rank;
  }

  next(): string {
    const wanted = this.draw() * this.#sums[KEYS - 1]!;
    let [low, high] = [0, KEYS - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sums[middle]! <= wanted) low = middle + 1;
      else high = middle;
    }
    return `key-${low}`;
  }
}

/** Servers that answer all requests of a wave when the last of them is there. */
class Waves implements AsyncDisposable {
  /** For each server: its requests in flight, their maximum, and their total. */
  readonly now = new Array<number>(REPLICAS).fill(0);
  readonly most = new Array<number>(REPLICAS).fill(0);
  readonly served = new Array<number>(REPLICAS).fill(0);
  readonly servers = Array.from({ length: REPLICAS }, (_, at) =>
    new RawUpstream(async () => {
      await this.#work(at);
      return OK;
    }));
  #here = 0;
  #complete = Promise.withResolvers<void>();

  /** @param serviceMs if set, there are no waves: each request takes so long */
  constructor(readonly serviceMs?: number) {}

  async #work(at: number): Promise<void> {
    this.most[at] = Math.max(this.most[at]!, ++this.now[at]!);
    await (this.serviceMs === undefined ? this.#wave() : delay(this.serviceMs));
    this.now[at]!--;
    this.served[at]!++;
  }

  #wave(): Promise<void> {
    const { promise, resolve } = this.#complete;
    if (++this.#here === CLIENTS) {
      this.#here = 0;
      this.#complete = Promise.withResolvers();
      resolve();
    }
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.servers) await server[Symbol.asyncDispose]();
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Two workers before the servers. */
function zipfBalancer(waves: Waves, bound: string): Promise<RawBalancer> {
  return balancerFor(waves.servers, {
    LB_LOAD_BOUND: bound,
    LB_KEY: "header:X-Key",
    LB_WORKERS: "2",
  });
}

/** Has each client send that number of requests in turn. @returns statuses other than 200 */
async function ask(balancer: RawBalancer, requests: number): Promise<number[]> {
  const zipf = new Zipf(chance(5));
  const wrong: number[] = [];
  const client = async (connection: RawConnection) => {
    for (let nth = 0; nth < requests; nth++) {
      await connection.send(get("/", `X-Key: ${zipf.next()}`));
      const status = statusOf(await connection.response());
      if (status !== 200) wrong.push(status);
    }
    connection.close();
  };
  const connections = await Promise.all(Array.from({ length: CLIENTS }, () => balancer.connect()));
  await Promise.all(connections.map(client));
  return wrong;
}

function maxOverMean(counts: readonly number[]): number {
  return Math.max(...counts) * counts.length / counts.reduce((sum, count) => sum + count);
}

test("popular keys overload their owner by 1.9, and with a bound of 1.25 by no more than that", async (t) => {
  const rounds = 20;
  await t.step("without a bound", async () => {
    await using waves = new Waves();
    await using balancer = await zipfBalancer(waves, "0");
    assertEquals(await ask(balancer, rounds), []);
    const served = maxOverMean(waves.served);
    assert(served > 1.7 && served < 2.1, `${served}: ${waves.served}`);
    assert(Math.max(...waves.most) > 1.7 * CLIENTS / REPLICAS, `${waves.most}`);
  });
  await t.step("with a bound", async () => {
    await using waves = new Waves();
    await using balancer = await zipfBalancer(waves, "1.25");
    assertEquals(await ask(balancer, rounds), []);
    assertEquals(waves.served.reduce((sum, count) => sum + count), rounds * CLIENTS);
    assert(maxOverMean(waves.served) <= 1.25, `${waves.served}`);
    assert(Math.max(...waves.most) <= 1.25 * CLIENTS / REPLICAS, `${waves.most}`);
  });
});

test("no replica works on more than the bound says while requests come and go", async () => {
  await using waves = new Waves(4);
  await using balancer = await zipfBalancer(waves, "1.25");
  assertEquals(await ask(balancer, 50), []);
  // At no instant are there more requests in flight than clients.
  const cap = loadCap(1.25, CLIENTS - 1, 1 / REPLICAS);
  assert(Math.max(...waves.most) <= cap, `${waves.most}, and ${cap} are allowed`);
  assert(waves.served.every((count) => count > 0));
});

const ALL = ["Server1", "Server2", "Server3", "Server4"];

/** Four replicas that answer with name and request body. Slow requests are answered later. */
class Fleet implements AsyncDisposable {
  readonly ready: Record<string, RawUpstream>;
  readonly #slow = Promise.withResolvers<void>();

  constructor() {
    this.ready = Object.fromEntries(ALL.map((name) => [name, this.#server(name)]));
  }

  /** Answers the slow requests. */
  release(): void {
    this.#slow.resolve();
  }

  /** How many requests a replica was sent. */
  count(name: string): number {
    return this.ready[name]!.requests.length;
  }

  #server(name: string): RawUpstream {
    return new RawUpstream(async ({ line, body }) => {
      if (line.includes("/slow")) await this.#slow.promise;
      if (line.includes("/events")) {
        return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n";
      }
      if (line.includes("/break")) return undefined;
      const text = `${name} ${body}`;
      const length = `Content-Length: ${text.length}`;
      return `HTTP/1.1 200 OK\r\n${length}\r\n\r\n${line.startsWith("HEAD") ? "" : text}`;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    for (const server of Object.values(this.ready)) await server[Symbol.asyncDispose]();
  }
}

/** The requests in flight at each replica. */
function loadsOf(bench: DataPlaneHarness, fleet: Fleet): number[] {
  return ALL.map((name) => bench.workers.inFlight(bench.instanceOf(name, fleet.ready[name]!)));
}

/** Polls the numbers of requests in flight, whose changes are not reported. */
async function assertLoads(
  bench: DataPlaneHarness,
  fleet: Fleet,
  expected: readonly number[],
): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  while (loadsOf(bench, fleet).join() !== expected.join() && Date.now() < deadline) {
    await bench.seen();
  }
  assertEquals(loadsOf(bench, fleet), expected);
}

/** Sends slow requests for the first replica, one after the other. */
async function keepBusy(bench: DataPlaneHarness, requests: number): Promise<RawConnection[]> {
  const clients: RawConnection[] = [];
  for (let nth = 0; nth < requests; nth++) {
    clients.push(await bench.holding(getOf("Server1", "/slow")));
  }
  return clients;
}

async function closeAll(clients: readonly RawConnection[]): Promise<void> {
  for (const client of clients) {
    assertEquals(statusOf(await client.response()), 200);
    client.close();
  }
}

test("a request that overflows from a busy owner is answered by another, with its body", async () => {
  await using fleet = new Fleet();
  await using bench = await DataPlaneHarness.open({ loadBound: 1.25 });
  await bench.publish({ ready: fleet.ready });
  const slow = await keepBusy(bench, 13);
  const loads = loadsOf(bench, fleet);
  assertEquals(loads.reduce((sum, load) => sum + load), 13);
  assertEquals([loads[0], Math.max(...loads)], [5, loadCap(1.25, 12, 1 / 4)]);
  const head = `POST / HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${idOf("Server1")}\r\n`;
  const chunks = "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  using client = await bench.connect();
  // Twice, so that a new connection to a replica is used, and one that was used before.
  for (const framed of ["Content-Length: 3\r\n\r\nabc", chunks]) {
    for (let nth = 0; nth < 2; nth++) {
      await client.send(head + framed);
      const { body } = await client.response();
      assert(/^Server[234] abc$/.test(body), body);
    }
  }
  fleet.release();
  await closeAll(slow);
  await assertLoads(bench, fleet, [0, 0, 0, 0]);
  assertEquals((await bench.ask(getOf("Server1"))).body, "Server1 ");
});

test("event streams are in flight until they end", async () => {
  await using fleet = new Fleet();
  await using bench = await DataPlaneHarness.open({
    loadBound: 1.25,
    // A silent stream whose client has ended its side is kept for this time.
    timeouts: { responseBody: 500 },
  });
  const { Server1, Server2 } = fleet.ready;
  await bench.publish({ ready: { Server1: Server1!, Server2: Server2! } });
  const streams: RawConnection[] = [];
  for (let nth = 0; nth < 2; nth++) {
    const client = await bench.connect();
    await client.send(getOf("Server1", "/events"));
    await client.until("data: 1");
    streams.push(client);
  }
  assertEquals(loadsOf(bench, fleet), [2, 0, 0, 0]);
  assertEquals((await bench.ask(getOf("Server1"))).body, "Server2 ");
  await assertLoads(bench, fleet, [2, 0, 0, 0]);
  for (const client of streams) client.close();
  await assertLoads(bench, fleet, [0, 0, 0, 0]);
  assertEquals((await bench.ask(getOf("Server1"))).body, "Server1 ");
});

test("overflow whose replicas refuse the connection comes back to the owner", async () => {
  await using fleet = new Fleet();
  await using bench = await DataPlaneHarness.open({ loadBound: 1.25 });
  const nobody = await Promise.all([1, 2, 3].map(async () => {
    const server = new RawUpstream();
    await server[Symbol.asyncDispose]();
    return server;
  }));
  const [two, three, four] = nobody as [RawUpstream, RawUpstream, RawUpstream];
  const Server1 = fleet.ready["Server1"]!;
  await bench.publish({ ready: { Server1, Server2: two, Server3: three, Server4: four } });
  const slow = await keepBusy(bench, 1);
  using client = await bench.connect();
  await client.send(getOf("Server1"));
  assertEquals((await client.response()).body, "Server1 ");
  await bench.until("word of all three", () => bench.evidence.length === 3);
  assertEquals(new Set(bench.evidence.map(({ kind }) => kind)), new Set(["refused"]));
  assertEquals(new Set(bench.evidence.map(({ name }) => name)).size, 3);
  await assertLoads(bench, fleet, [1, 0, 0, 0]);
  const left = nobody.map((one, at) => bench.workers.inFlight(bench.instanceOf(ALL[at + 1]!, one)));
  assertEquals(left, [0, 0, 0]);
  fleet.release();
  await closeAll(slow);
});

test("a request whose overflow replica failed goes back to the owner within the retry budget", async () => {
  await using fleet = new Fleet();
  await using bench = await DataPlaneHarness.open({ loadBound: 1.25 });
  const gone = new RawUpstream();
  await gone[Symbol.asyncDispose]();
  await bench.publish({ ready: { Server1: fleet.ready["Server1"]!, Server2: gone } });
  // With two of them in flight the third overflows.
  const slow = await keepBusy(bench, 2);
  let answered = 0;
  while (answered < 200 && statusOf(await bench.ask(getOf("Server1"))) === 200) answered++;
  // The budget has three retries a second for ten seconds, and a fifth of the requests.
  assert(answered >= 30 && answered < 100, `${answered} retries`);
  await assertLoads(bench, fleet, [2, 0, 0, 0]);
  fleet.release();
  await closeAll(slow);
});

test("every request leaves the in-flight count exactly once, for any outcome", async () => {
  await using fleet = new Fleet();
  await using bench = await DataPlaneHarness.open({ loadBound: 1.25, hold: { graceMs: 0 } });
  await bench.publish({ ready: fleet.ready });
  const post = (framing: string) => `POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`;
  for (
    const request of [
      getOf("Server1"),
      getOf("Server2", "/break"),
      getOf("Server3").replace("GET", "HEAD"),
      getOf("Server4").replace("GET", "POST"),
      post("Content-Length: 5") + "1234",
      post("Transfer-Encoding: chunked") + "zz\r\n",
      post("Content-Length: 200000") + "1234",
      getOf("Server1", "/events"),
      getOf("Server2", "/slow"),
    ]
  ) {
    for (let nth = 0; nth < 3; nth++) {
      const client = await bench.holding(getOf("Server1") + request);
      client.close();
    }
  }
  for (const name of ALL) await bench.idle(bench.instanceOf(name, fleet.ready[name]!));
  await assertLoads(bench, fleet, [0, 0, 0, 0]);
});

test("held requests are limited by the ramp of a replica that starts slowly", async () => {
  await using fleet = new Fleet();
  await using bench = await DataPlaneHarness.open();
  const { Server1, ...others } = fleet.ready;
  await bench.publish({ ready: others, awaited: ["Server1"] });
  const held = await keepBusy(bench, 30);
  assertEquals(loadsOf(bench, fleet), [0, 0, 0, 0], "who waits has no place");
  await bench.publish({ ready: { Server1: Server1!, ...others }, ramps: { Server1: 0.1 } });
  await bench.seen();
  const [heir, ...rest] = loadsOf(bench, fleet);
  assertEquals(heir, loadCap(1.25, 29, 0.1 / 3.1));
  assertEquals(rest.reduce((sum, load) => sum + load), 30 - heir!);
  // Grown up it takes everything that is its own: there is no other bound.
  await bench.publish({ ready: fleet.ready });
  const later = await keepBusy(bench, 10);
  assertEquals(loadsOf(bench, fleet)[0], heir! + 10);
  fleet.release();
  await closeAll([...held, ...later]);
  await bench.until("the costs", () => bench.costsOf("Server1").held === 30);
  assertEquals(bench.costsOf("Server1").spilled, 30 - heir!);
  assertEquals(bench.costsOf("Server1").lost, 0);
});

test("requests in flight in a crashed worker no longer count towards the load bound", async () => {
  await using fleet = new Fleet();
  await using bench = await DataPlaneHarness.open({ loadBound: 1.25 });
  await bench.publish({ ready: fleet.ready });
  const slow = await keepBusy(bench, 13);
  assertEquals(loadsOf(bench, fleet)[0], 5);
  // No ring can be built of this one; that a view cannot be used is the worker's end.
  const broken = {
    options: { members: [{ name: "a" }, { name: "a" }] },
    table: new Uint16Array(1),
  } as unknown as Ring;
  const good = bench.view({ ready: fleet.ready }, 2);
  bench.workers.publish({ ...good, ring: broken });
  await bench.until("the crash", () => bench.failures.length > 0);
  assertEquals(loadsOf(bench, fleet), [0, 0, 0, 0]);
  bench.workers.publish({ ...good, version: 3 });
  await bench.until("the next one", () => bench.applied.includes(3));
  assertEquals((await bench.ask(getOf("Server1"))).body, "Server1 ");
  for (const client of slow) client.close();
});
