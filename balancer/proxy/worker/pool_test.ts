import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Ring } from "../../../ring/mod.ts";
import type { Evidence, View } from "../../view.ts";
import { NO_RULES } from "../rules.ts";
import { LINGER, type ProxySettings } from "../settings.ts";
import { DataPlaneWorkers } from "./pool.ts";
import { systemTest as test } from "../../../tools/test/needs.ts";

const CRASHING = new URL("../testdata/crashing_worker.ts", import.meta.url).href;
const DEADLINE_MS = 60_000;
const NOW = { requestsMs: 0, streamsMs: 0 };

const SETTINGS: ProxySettings = {
  listen: { hostname: "127.0.0.1", port: 0 },
  publicApi: "all",
  rules: NO_RULES,
  routes: [],
  affinity: { cookie: "ringkeeper", ttlS: 0 },
  limits: {
    lineBytes: 8192,
    headBytes: 32768,
    fields: 100,
    bodyBytes: 0,
    connections: 100,
    connectionsPerAddress: 0,
    calls: 10,
  },
  timeouts: {
    head: 1000,
    keepAlive: 1000,
    body: 1000,
    connect: 1000,
    response: 1000,
    upstreamIdle: 1000,
    responseBody: 1000,
    streamIdle: 1000,
  },
  linger: LINGER,
  hold: { policy: "hold", ms: 1000, graceMs: 100, requests: 10, bytes: 100_000, replaces: true },
  outliers: false,
  loadBound: 0,
  ringFields: false,
  suspectMs: 0,
  via: true,
  underscores: false,
  trace: false,
  trusted: [],
  proxyProtocol: false,
  http2: { cleartext: false, streams: 100, streamWindow: 65_535, connectionWindow: 65_535 },
  accessLogging: "off",
  logStyle: "json",
  workers: 2,
};

/** Workers that report each message they receive and send. */
class Harness {
  readonly evidence: Evidence[] = [];
  readonly notes: string[] = [];
  readonly crashes: string[] = [];
  readonly workers: DataPlaneWorkers;
  #changed = Promise.withResolvers<void>();

  constructor(module = CRASHING, listenMs?: number) {
    this.workers = new DataPlaneWorkers({
      settings: SETTINGS,
      report: (evidence) => this.evidence.push(evidence),
      failures: { record: (action, error) => this.#record(action, String(error)) },
      module,
      ...(listenMs !== undefined && { listenMs }),
    });
  }

  /** Waits until the condition holds. */
  async until(what: string, wanted: () => boolean): Promise<void> {
    const late = setTimeout(() => this.#changed.reject(new Error(`never: ${what}`)), DEADLINE_MS);
    try {
      while (!wanted()) await this.#changed.promise;
    } finally {
      clearTimeout(late);
    }
  }

  /** Notes of each worker with this prefix, without the worker's id. */
  noted(start: string): string[] {
    return this.notes.map((note) => note.replace(/^\S+ /, "")).filter((n) => n.startsWith(start));
  }

  get ids(): Set<string> {
    return new Set(this.notes.map((note) => note.split(" ")[0]!));
  }

  #record(action: string, message: string): void {
    if (action === "test.note") this.notes.push(message);
    else this.crashes.push(`${action}: ${message}`);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

function view(version: number): View {
  const upstream = { name: "Server1", instance: "i1", address: { hostname: "127.0.0.1", port: 1 } };
  return {
    version,
    ring: Ring.build({ members: ["Server1", "Server2"] }),
    ready: new Map([["Server1", upstream]]),
    awaited: new Set(),
    epoch: 0,
    quarantined: new Set(),
  };
}

test("workers receive the settings and each view, and their reports are passed on", async () => {
  const bench = new Harness();
  bench.workers.publish(view(1));
  await bench.workers.open();
  await bench.until("first view", () => bench.noted("view 1 Server1").length === 2);
  assertEquals(bench.noted("open"), ["open 2 true", "open 2 true"]);
  bench.workers.publish(view(2));
  await bench.until("second view", () => bench.noted("view 2 Server1").length === 2);
  assertEquals(bench.evidence, [
    { name: "Server1", instance: "i1", kind: "refused", fresh: true, key: "k" },
    { name: "Server1", instance: "i1", kind: "refused", fresh: true, key: "k" },
  ]);
  assertEquals(await bench.workers.idle("calm", { requestsMs: 1000, streamsMs: 1000 }), true);
  assertEquals(await bench.workers.idle("busy", { requestsMs: 1000, streamsMs: 1000 }), false);
  await bench.workers.end(NOW);
  assertEquals(bench.crashes, []);
});

test("a worker that crashes is counted and replaced by a worker with the last view", async () => {
  const bench = new Harness();
  await bench.workers.open();
  bench.workers.publish(view(7));
  await bench.until("the view", () => bench.noted("view 7 Server1").length === 2);
  const before = bench.ids;
  // Both workers crash on this question; a dead worker's question settles at once.
  assertEquals(await bench.workers.idle("crash", { requestsMs: 60_000, streamsMs: 60_000 }), true);
  await bench.until("the replacements", () => bench.noted("view 7 Server1").length === 4);
  assertEquals(bench.ids.size, before.size + 2);
  assertEquals(bench.crashes.length, 2);
  for (const crash of bench.crashes) {
    assert(/^proxy\.worker: .*crashed on demand/.test(crash), crash);
  }
  bench.workers.publish(view(8));
  await bench.until("a later view", () => bench.noted("view 8 Server1").length === 2);
  assertEquals(await bench.workers.idle("calm", { requestsMs: 1000, streamsMs: 1000 }), true);
  await bench.workers.end(NOW);
});

test("access log sampling changes in all workers, and in workers that start later", async () => {
  const bench = new Harness();
  await bench.workers.open();
  assertEquals(bench.workers.accessLogging, "off");
  await bench.until("what the settings say", () => bench.noted("access 0").length === 2);
  bench.workers.accessLogging = 0.25;
  await bench.until("the change", () => bench.noted("access 0.25").length === 2);
  await bench.workers.idle("crash", { requestsMs: 60_000, streamsMs: 60_000 });
  await bench.until("the replacements", () => bench.noted("access 0.25").length === 4);
  bench.workers.accessLogging = "full";
  await bench.until("the next", () => bench.noted("access 1").length === 2);
  await bench.workers.end(NOW);
});

test("requests in flight in a crashed worker are no longer counted", async () => {
  const bench = new Harness();
  await bench.workers.open();
  bench.workers.publish(view(1));
  await bench.until("the view", () => bench.noted("view 1 Server1").length === 2);
  const wait = { requestsMs: 60_000, streamsMs: 60_000 };
  await bench.workers.idle("count", wait);
  assertEquals(bench.workers.inFlight("i1"), 4);
  assertEquals(bench.workers.inFlight("i2"), 0);
  // The other worker answers only after its own crash below.
  const crashing = bench.workers.idle("crash one", wait);
  await bench.until("the crash", () => bench.crashes.length === 1);
  assertEquals(bench.workers.inFlight("i1"), 2);
  await bench.until("the replacement", () => bench.noted("view 1 Server1").length === 3);
  await bench.workers.idle("count", wait);
  assertEquals(bench.workers.inFlight("i1"), 6);
  await bench.workers.idle("crash", wait);
  await crashing;
  assertEquals(bench.workers.inFlight("i1"), 0);
  await bench.workers.end(NOW);
});

test("a crashed worker's counters stay, its gauges are reset", async () => {
  const bench = new Harness();
  await bench.workers.open();
  bench.workers.publish(view(1));
  await bench.until("the view", () => bench.noted("view 1 Server1").length === 2);
  const clients = () => {
    const { accepted, connections } = bench.workers.counts().workers;
    return { accepted, connections };
  };
  const wait = { requestsMs: 60_000, streamsMs: 60_000 };
  await bench.workers.idle("count", wait);
  assertEquals(clients(), { accepted: 2, connections: 2 });
  await bench.workers.idle("crash", wait);
  assertEquals(clients(), { accepted: 2, connections: 0 });
  await bench.until("the replacements", () => bench.noted("view 1 Server1").length === 4);
  await bench.workers.idle("count", wait);
  assertEquals(clients(), { accepted: 4, connections: 2 });
  await bench.workers.end(NOW);
});

test("unanswered questions to a dead worker are settled", async () => {
  const bench = new Harness();
  await bench.workers.open();
  const unanswered = bench.workers.idle("silence", { requestsMs: 60_000, streamsMs: 60_000 });
  const crashing = bench.workers.idle("crash", { requestsMs: 60_000, streamsMs: 60_000 });
  assertEquals(await Promise.all([unanswered, crashing]), [true, true]);
  await bench.until("both crashes", () => bench.crashes.length === 2);
  await bench.until("both replacements", () => bench.noted("open").length === 4);
  await bench.workers.end(NOW);
});

test("a worker that crashes while the data plane ends is not replaced", async () => {
  const bench = new Harness();
  await bench.workers.open();
  const crashing = bench.workers.idle("crash", { requestsMs: 60_000, streamsMs: 60_000 });
  await bench.workers.end(NOW);
  assertEquals(await crashing, true);
  assertEquals(bench.noted("open").length, 2);
});

test("a module that cannot run is an error at the start", async () => {
  const bench = new Harness("data:text/javascript,throw new Error('broken')");
  await assertRejects(() => bench.workers.open());
  await bench.workers.end(NOW);
  assert(bench.crashes.length >= 1);
});

test("a worker that does not listen in time is an error with its name", async () => {
  const bench = new Harness("data:text/javascript,self.onmessage = () => {}", 200);
  await assertRejects(
    () => bench.workers.open(),
    Error,
    "of 2: did not listen within 200 ms",
  );
  await bench.until("the record", () => bench.crashes.length >= 1);
  assertMatch(bench.crashes[0]!, /^proxy\.worker: worker [12] of 2: did not listen within 200 ms$/);
  await bench.workers.end({ requestsMs: 0, streamsMs: 0 });
});
