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
/** Deadlines of a question that a worker answers, and of one that it answers only by its end. */
const SOON = { requestsMs: 1000, streamsMs: 1000 };
const LATE = { requestsMs: 60_000, streamsMs: 60_000 };

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
class Harness implements AsyncDisposable {
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

  /** Opens the workers, and waits until they have the first view. */
  static async open(): Promise<Harness> {
    const harness = new Harness();
    harness.workers.publish(view(1));
    await harness.workers.open();
    await harness.until("the first view", () => harness.noted("view 1 Server1").length === 2);
    return harness;
  }

  /** Ends the workers. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.workers.end(NOW);
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
  await using harness = await Harness.open();
  assertEquals(harness.noted("open"), ["open 2 true", "open 2 true"]);
  harness.workers.publish(view(2));
  await harness.until("second view", () => harness.noted("view 2 Server1").length === 2);
  assertEquals(harness.evidence, [
    { name: "Server1", instance: "i1", kind: "refused", fresh: true, key: "k" },
    { name: "Server1", instance: "i1", kind: "refused", fresh: true, key: "k" },
  ]);
  assertEquals(await harness.workers.idle("calm", SOON), true);
  assertEquals(await harness.workers.idle("busy", SOON), false);
  await harness.workers.end(NOW);
  assertEquals(harness.crashes, []);
});

test("a worker that crashes is counted and replaced by a worker with the last view", async () => {
  await using harness = await Harness.open();
  harness.workers.publish(view(7));
  await harness.until("the view", () => harness.noted("view 7 Server1").length === 2);
  const before = harness.ids;
  // Both workers crash on this question; a dead worker's question settles at once.
  assertEquals(await harness.workers.idle("crash", LATE), true);
  await harness.until("the replacements", () => harness.noted("view 7 Server1").length === 4);
  assertEquals(harness.ids.size, before.size + 2);
  assertEquals(harness.crashes.length, 2);
  for (const crash of harness.crashes) {
    assert(/^proxy\.worker: .*crashed on demand/.test(crash), crash);
  }
  harness.workers.publish(view(2));
  await harness.until("a later view", () => harness.noted("view 2 Server1").length === 2);
  assertEquals(await harness.workers.idle("calm", SOON), true);
});

test("access log sampling changes in all workers, and in workers that start later", async () => {
  await using harness = await Harness.open();
  assertEquals(harness.workers.accessLogging, "off");
  await harness.until("what the settings say", () => harness.noted("access 0").length === 2);
  harness.workers.accessLogging = 0.25;
  await harness.until("the change", () => harness.noted("access 0.25").length === 2);
  await harness.workers.idle("crash", LATE);
  await harness.until("the replacements", () => harness.noted("access 0.25").length === 4);
  harness.workers.accessLogging = "full";
  await harness.until("the next", () => harness.noted("access 1").length === 2);
});

test("requests in flight in a crashed worker are no longer counted", async () => {
  await using harness = await Harness.open();
  await harness.workers.idle("count", LATE);
  assertEquals(harness.workers.inFlight("i1"), 4);
  assertEquals(harness.workers.inFlight("i2"), 0);
  // The other worker answers only after its own crash below.
  const crashing = harness.workers.idle("crash one", LATE);
  await harness.until("the crash", () => harness.crashes.length === 1);
  assertEquals(harness.workers.inFlight("i1"), 2);
  await harness.until("the replacement", () => harness.noted("view 1 Server1").length === 3);
  await harness.workers.idle("count", LATE);
  assertEquals(harness.workers.inFlight("i1"), 6);
  await harness.workers.idle("crash", LATE);
  await crashing;
  assertEquals(harness.workers.inFlight("i1"), 0);
});

test("a crashed worker's counters stay, its gauges are reset", async () => {
  await using harness = await Harness.open();
  const clients = () => {
    const { accepted, connections } = harness.workers.counts().workers;
    return { accepted, connections };
  };
  await harness.workers.idle("count", LATE);
  assertEquals(clients(), { accepted: 2, connections: 2 });
  await harness.workers.idle("crash", LATE);
  assertEquals(clients(), { accepted: 2, connections: 0 });
  await harness.until("the replacements", () => harness.noted("view 1 Server1").length === 4);
  await harness.workers.idle("count", LATE);
  assertEquals(clients(), { accepted: 4, connections: 2 });
});

test("unanswered questions to a dead worker are settled", async () => {
  await using harness = await Harness.open();
  const unanswered = harness.workers.idle("silence", LATE);
  const crashing = harness.workers.idle("crash", LATE);
  assertEquals(await Promise.all([unanswered, crashing]), [true, true]);
  await harness.until("both crashes", () => harness.crashes.length === 2);
  await harness.until("both replacements", () => harness.noted("open").length === 4);
});

test("a worker that crashes while the data plane ends is not replaced", async () => {
  await using harness = await Harness.open();
  const crashing = harness.workers.idle("crash", LATE);
  await harness.workers.end(NOW);
  assertEquals(await crashing, true);
  assertEquals(harness.noted("open").length, 2);
});

test("a module that cannot run is an error at the start", async () => {
  await using harness = new Harness("data:text/javascript,throw new Error('broken')");
  await assertRejects(() => harness.workers.open());
  await harness.workers.end(NOW);
  assert(harness.crashes.length >= 1);
});

test("a worker that does not listen in time is an error with its name", async () => {
  await using harness = new Harness("data:text/javascript,self.onmessage = () => {}", 200);
  await assertRejects(
    () => harness.workers.open(),
    Error,
    "of 2: did not listen within 200 ms",
  );
  await harness.until("the record", () => harness.crashes.length >= 1);
  assertMatch(
    harness.crashes[0]!,
    /^proxy\.worker: worker [12] of 2: did not listen within 200 ms$/,
  );
});
