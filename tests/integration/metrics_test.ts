import { assert, assertEquals } from "@std/assert";
import type { RequestCount } from "../../balancer/proxy/stats/counter_snapshot.ts";
import { Ring } from "../../ring/mod.ts";
import { Balancer } from "../harness/balancer.ts";
import { DataPlaneHarness, getOf, idOf, named, nextOf } from "./harness/data_plane.ts";
import { OK, type RawMessage, RawUpstream, statusOf, within } from "../harness/raw.ts";
import { promtool, PROMTOOL_TESTS_IGNORED } from "../harness/promtool.ts";
import { systemTest as test } from "../../tools/test/needs.ts";

const AWAITED = { awaited: ["Server1"] };

/** Answers with the status in the path. */
function server(): RawUpstream {
  return new RawUpstream(({ line }) => {
    if (line.startsWith("HEAD")) return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    if (line.includes("/missing")) return "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno";
    if (line.includes("/broken")) {
      return "HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n";
    }
    if (line.includes("/closes")) return undefined;
    return OK;
  });
}

function request(method: string, path: string, owner = "Server1"): string {
  return `${method} ${path} HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${idOf(owner)}\r\n` +
    "Content-Length: 0\r\nConnection: close\r\n\r\n";
}

/** Resolves when that number of requests was counted: a client has its answer a moment before. */
function counted(bench: DataPlaneHarness, requests: number): Promise<void> {
  const wait = async () => {
    while (bench.workers.counts().workers.all < requests) await bench.seen();
  };
  return within(`${requests} counted requests`, wait());
}

/** Counts as text: `GET 2xx 3`. */
function told(requests: readonly RequestCount[] | undefined): string[] {
  return (requests ?? []).map(({ method, outcome, count }) => `${method} ${outcome} ${count}`);
}

function total(steps: Float64Array): number {
  return steps.reduce((sum, count) => sum + count, 0);
}

/** Sends a request. The method decides how the response is read. */
async function ask(bench: DataPlaneHarness, text: string): Promise<RawMessage> {
  using client = await bench.connect();
  await client.send(text);
  return await client.response(text.slice(0, text.indexOf(" ")));
}

test("requests are counted by replica, method and status, for any bytes of clients", async () => {
  await using one = server();
  await using two = named("two");
  await using bench = await DataPlaneHarness.open({ workers: 2 });
  await bench.publish({ ready: { Server1: one, Server2: two } });
  const requests = [
    request("GET", "/"),
    request("GET", "/missing"),
    request("GET", "/broken"),
    request("HEAD", "/"),
    request("POST", "/"),
    request("BREW", "/"),
    request("SPINDLE", "/"),
    request("GET", "/", "Server2"),
  ];
  for (const text of requests) await ask(bench, text);
  await counted(bench, requests.length);
  const { workers, replicas } = bench.workers.counts();
  const answered = replicas.get("Server1");
  assertEquals(told(answered?.requests), [
    "GET 2xx 1",
    "GET 4xx 1",
    "GET 5xx 1",
    "HEAD 2xx 1",
    "POST 2xx 1",
    "other 2xx 2",
  ]);
  assertEquals(told(replicas.get("Server2")?.requests), ["GET 2xx 1"]);
  assertEquals(told(replicas.get("Server3")?.requests), []);
  assertEquals([workers.all, workers.errors, workers.requests.length], [8, 1, 0]);
  assertEquals([total(answered!.duration.steps), total(answered!.firstByte.steps)], [7, 7]);
  assertEquals(total(workers.overhead.steps), 8);
  assertEquals(answered!.connects + answered!.reuses, 7);
  assert(answered!.duration.sumS >= answered!.firstByte.sumS);
  assert(workers.receivedBytes > 8 * 60 && workers.sentBytes > 8 * 30);
});

test("a request without a replica counts as the balancer's own, by reason", async () => {
  await using one = server();
  await using bench = await DataPlaneHarness.open({ hold: { policy: "fail" } });
  await bench.publish({ ready: { Server2: one }, ...AWAITED, quarantined: [idOf("Server2")] });
  assertEquals(statusOf(await ask(bench, request("GET", "/"))), 503);
  assertEquals(statusOf(await ask(bench, request("GET", "/", "Server2"))), 503);
  assertEquals(statusOf(await bench.ask("GET / HTTP/1.1\r\n\r\n")), 400);
  await counted(bench, 3);
  const { workers, replicas } = bench.workers.counts();
  assertEquals(told(workers.requests), ["GET 5xx 2", "other 4xx 1"]);
  const { awaited, quarantined, fault } = workers.refusals;
  assertEquals({ awaited, quarantined, fault }, { awaited: 1, quarantined: 1, fault: 1 });
  assertEquals([workers.errors, workers.costs["lost"]], [2, 1]);
  assertEquals(replicas.get("Server1")?.costs["lost"], 1);
  assertEquals(told(replicas.get("Server2")?.requests), []);
});

test("a retry counts for the replica that answered, its failure for the one that failed", async () => {
  await using one = server();
  await using next = server();
  await using bench = await DataPlaneHarness.open({ hold: { graceMs: 0, replaces: false } });
  const other = nextOf(idOf("Server1"));
  await bench.publish({ ready: { Server1: one, [other]: next } });
  assertEquals(statusOf(await ask(bench, request("PATCH", "/closes"))), 502);
  await bench.publish({ ready: { Server1: { address: "127.0.0.1:1" }, [other]: next } });
  assertEquals(statusOf(await ask(bench, request("GET", "/"))), 200);
  await counted(bench, 2);
  const { workers, replicas } = bench.workers.counts();
  assertEquals(told(workers.requests), ["PATCH 5xx 1"]);
  assertEquals(told(replicas.get(other)?.requests), ["GET 2xx 1"]);
  assertEquals(told(replicas.get("Server1")?.requests), []);
  const { failures, costs } = replicas.get("Server1")!;
  assertEquals([failures["reset"], failures["refused"]], [1, 1]);
  assertEquals(costs, { held: 0, retried: 1, spilled: 1, lost: 1 });
  // A retried request does not count in the balancer's own overhead.
  assertEquals(total(workers.overhead.steps), 0);
});

test("a wait is seen while it lasts and timed when it is over", async () => {
  await using one = named("one");
  await using bench = await DataPlaneHarness.open();
  await bench.publish({ ready: {}, ...AWAITED });
  using client = await bench.holding(getOf("Server1"));
  assertEquals(bench.workers.counts().workers.holding, 1);
  assertEquals(bench.workers.counts().workers.connections > 0, true);
  const half = `POST / HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${idOf("Server1")}\r\n` +
    "Content-Length: 10\r\n\r\n12";
  const left = await bench.holding(half);
  left.close();
  await counted(bench, 1);
  assertEquals(told(bench.workers.counts().workers.requests), ["POST left 1"]);
  await bench.publish({ ready: { Server1: one } });
  assertEquals((await client.response()).body, "one");
  await counted(bench, 2);
  const { workers, replicas } = bench.workers.counts();
  assert(workers.controlCalls > 0, "the test asked the control API, too");
  assertEquals([workers.holding, workers.costs["held"], total(workers.hold.steps)], [0, 2, 2]);
  assertEquals(told(replicas.get("Server1")?.requests), ["GET 2xx 1"]);
});

test("answers that break off and clients that leave are counted separately", async () => {
  await using replica = new RawUpstream();
  await using bench = await DataPlaneHarness.open();
  await bench.publish({ ready: { Server1: replica } });
  const begin = async () => {
    const client = await bench.connect();
    await client.send(getOf("Server1"));
    const upstream = await replica.accept();
    await upstream.request();
    await upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
    await client.until("\r\n\r\nab");
    return { client, upstream };
  };
  const broken = await begin();
  broken.upstream.close();
  await counted(bench, 1);
  broken.client.close();
  const left = await begin();
  left.client.close();
  // Bytes that the client cannot take show that it has left.
  await left.upstream.send("c");
  await counted(bench, 2);
  const { workers, replicas } = bench.workers.counts();
  assertEquals(told(replicas.get("Server1")?.requests), ["GET broken 1", "GET left 1"]);
  assertEquals([workers.all, workers.errors], [2, 1]);
  assertEquals(replicas.get("Server1")?.failures["broken"], 1);
});

test("a replica that leaves the ring is no longer counted, and the totals stay", async () => {
  await using one = named("one");
  await using bench = await DataPlaneHarness.open();
  await bench.publish({ ready: { Server1: one } });
  await ask(bench, request("GET", "/"));
  await counted(bench, 1);
  const view = bench.view({ ready: {} }, 50);
  bench.workers.publish({ ...view, ring: Ring.build({ members: ["Server2"] }) });
  await bench.until("the ring without it", () => bench.applied.includes(50));
  assertEquals([...bench.workers.counts().replicas.keys()], ["Server2"]);
  assertEquals(bench.workers.counts().workers.all, 1);
  // A replica that comes back under the name starts at 0.
  bench.workers.publish({ ...bench.view({ ready: { Server1: one } }, 51) });
  await bench.until("the ring with it", () => bench.applied.includes(51));
  await ask(bench, request("GET", "/"));
  await counted(bench, 2);
  assertEquals(told(bench.workers.counts().replicas.get("Server1")?.requests), ["GET 2xx 1"]);
});

test("a running balancer's metrics and load add up", async (t) => {
  await using balancer = await Balancer.ready({
    LB_ENGINE: "process",
    LB_REPLICAS: "2",
    LB_WORKERS: "2",
    LB_FLEET: `metrics-${crypto.randomUUID().slice(0, 8)}`,
  });
  for (let i = 0; i < 20; i++) await (await fetch(`${balancer.url}/home`)).text();
  const scrape = async () => {
    const response = await balancer.fetch("/_lb/metrics");
    assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    return await response.text();
  };
  const number = (text: string, series: RegExp) =>
    [...text.matchAll(new RegExp(`^${series.source} (\\S+)$`, "gm"))]
      .reduce((sum, [, value]) => sum + Number(value), 0);
  const requests = /ringkeeper_requests_total\{replica="Server\d",method="GET",status="2xx"\}/;
  let text = await scrape();
  while (number(text, requests) < 20) text = await scrape();
  assertEquals(number(text, requests), 20);
  assertEquals(number(text, /ringkeeper_replicas\{state="ready"\}/), 2);
  assertEquals(number(text, /ringkeeper_replica_slots\{replica="Server\d"\}/), 512);
  const own = (name: string) => number(text, new RegExp(`process_${name}`));
  assert(own("cpu_seconds_total") > 0 && own("open_fds") > 3, text);
  assert(own("open_fds") < own("max_fds"), text);
  assert(own("resident_memory_bytes") < own("virtual_memory_bytes"), text);
  assert(Math.abs(Date.now() / 1000 - own("start_time_seconds")) < 120, text);
  assertEquals(text.match(/ringkeeper_(cpu|resident|virtual|start|process)_/), null);
  const load = await (await balancer.fetch("/_lb/load")).json();
  assertEquals([load.requests, load.errors, load.holding], [20, 0, 0]);
  assertEquals(Object.keys(load.replicas).sort(), ["Server1", "Server2"]);
  const { Server1, Server2 } = load.replicas;
  assertEquals(Server1.requests + Server2.requests, 20);
  assert(Server1.p99Ms >= Server1.p50Ms && Server2.p50Ms > 0);
  assertEquals([Server1.holdP99Ms, Server2.holdP99Ms], [null, null]);
  const history = async () => await (await balancer.fetch("/_lb/history")).json();
  const recorded = ({ series }: { series: Record<string, number[]> }) =>
    Math.round(series["2xx"]?.reduce((sum, rate) => sum + rate, 0) ?? 0);
  let kept = await history();
  // A sample of one second covers a few milliseconds more or less.
  const deadline = Date.now() + 120_000;
  while (recorded(kept) < 18 && Date.now() < deadline) kept = await history();
  assert(Math.abs(recorded(kept) - 20) <= 2, JSON.stringify(kept.series["2xx"]));
  const since = kept.at.at(-1);
  assert((await (await balancer.fetch(`/_lb/history?since=${since}`)).json()).at.length <= 2);
  await t.step({
    name: "promtool has nothing against them",
    ignore: PROMTOOL_TESTS_IGNORED,
    fn: () => promtool(["check", "metrics"], text),
  });
});
