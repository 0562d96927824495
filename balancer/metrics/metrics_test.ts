import { assert, assertEquals } from "@std/assert";
import { Ring } from "../../ring/mod.ts";
import { WorkerCounters } from "../proxy/stats/worker_counters.ts";
import { CounterTable } from "../proxy/stats/counter_table.ts";
import { FleetTotals } from "./heal_metrics.ts";
import { dataPlaneMetrics } from "./data_plane_metrics.ts";
import { expose } from "./exposition.ts";
import { counter, gauge } from "./metric_family.ts";
import { LoadReport } from "./load_report.ts";
import { NO_COSTS } from "../fleet/incidents/incident.ts";

const MEMBERS = ["Server1", "Server2"];

/** A counter table of two workers. */
function bookOfTwo(): { book: CounterTable; workers: WorkerCounters[] } {
  const book = new CounterTable(2);
  const sheets = book.enroll(MEMBERS.map((name) => ({ name })));
  const workers = [0, 1].map((row) => {
    const counters = new WorkerCounters(book.workers, row);
    counters.enroll(MEMBERS, sheets);
    return counters;
  });
  return { book, workers };
}

function decoded(parts: readonly Uint8Array[]): string {
  return parts.map((part) => new TextDecoder().decode(part)).join("");
}

async function textOf(families: Parameters<typeof expose>[0]): Promise<string> {
  return decoded((await expose(families)).parts);
}

/** The lines of a family, without its help. */
function linesOf(text: string, name: string): string[] {
  return text.split("\n").filter((line) => line.startsWith(`ringkeeper_${name}`));
}

Deno.test("the text format matches byte for byte", async () => {
  const { contentType, parts } = await expose([
    counter("things_total", "Things, of every kind.", [[{ kind: "a" }, 3], [{ kind: "b" }, 0.5]]),
    gauge("mood", "How it is.", 1),
  ]);
  assertEquals(contentType, "text/plain; version=0.0.4; charset=utf-8");
  assertEquals(
    decoded(parts),
    `# HELP ringkeeper_things_total Things, of every kind.
# TYPE ringkeeper_things_total counter
ringkeeper_things_total{kind="a"} 3
ringkeeper_things_total{kind="b"} 0.5

# HELP ringkeeper_mood How it is.
# TYPE ringkeeper_mood gauge
ringkeeper_mood 1
`,
  );
});

Deno.test("a label's value cannot break out of its quotes", async () => {
  const odd = 'a"} 1\nb{c="\\';
  const text = await textOf([counter("things_total", "Things.", [[{ odd }, 1]])]);
  assertEquals(linesOf(text, "things_total"), [
    'ringkeeper_things_total{odd="a\\"} 1\\nb{c=\\"\\\\"} 1',
  ]);
});

Deno.test("times are cumulative buckets, summed over all workers", async () => {
  const { book, workers } = bookOfTwo();
  workers[0]!.of("Server1").took(0.1, 1);
  workers[1]!.of("Server1").took(0.26, 1);
  workers[1]!.of("Server1").took(1e9, 1);
  const text = await textOf(dataPlaneMetrics(book.counts()));
  const lines = linesOf(text, "request_duration_seconds").filter((one) => one.includes("Server1"));
  const bucket = (le: string) =>
    lines.find((line) => line.includes(`le="${le}"`))?.replace(/^.* /, "");
  assertEquals(["0.0001", "0.00025", "0.0005", "50", "+Inf"].map(bucket), [
    "1",
    "1",
    "2",
    "2",
    "3",
  ]);
  assertEquals(lines.at(-1), 'ringkeeper_request_duration_seconds_count{replica="Server1"} 3');
  assertEquals(lines.length, 18 + 1 + 2);
});

Deno.test("the number of series is bounded for any counters", () => {
  const { book, workers } = bookOfTwo();
  for (let i = 0; i < 1000; i++) workers[i % 2]!.of("Server1").ended(`M${i}`, 1);
  workers[0]!.of("Unknown").ended("GET", 1);
  const [requests] = dataPlaneMetrics(book.counts());
  assertEquals([...requests?.values ?? []], [
    { labels: { replica: "Server1", method: "other", status: "2xx" }, value: 1000 },
  ]);
});

Deno.test("heals are timed by phase, from the first sign on", () => {
  const totals = new FleetTotals(() => Ring.build({ members: MEMBERS }));
  const incident = {
    id: 1,
    name: "Server1",
    instance: "i1",
    served: true,
    failedStarts: 0,
    signal: "exit",
    evidence: {},
    at: 1000,
    signalAt: 1002,
    ejectedAt: 1003,
    unroutedAt: 1005,
    createAt: 1010,
    spare: false,
    costs: NO_COSTS,
  };
  totals.note({ type: "incident", at: 0, incident });
  totals.note({ type: "incident", at: 0, incident: { ...incident, releasedAt: 1500 } });
  const sums = totals.heals.map(({ phase, timings }) => [phase, timings.sumS]);
  assertEquals(sums, [["eject", 0.01], ["create", 0.02], ["ready", 0], ["release", 0.5]]);
  assertEquals(totals.incidents, 2);
});

Deno.test("moved slots are counted from the first non-empty ring on", () => {
  let ring = Ring.build({ members: [] });
  const totals = new FleetTotals(() => ring);
  const publish = (members: string[]) => {
    ring = Ring.build({ members });
    totals.note({ type: "view", at: 0, version: 1, ready: [], awaited: [] });
  };
  publish([]);
  publish(MEMBERS);
  assertEquals(totals.slotsMoved, 0);
  publish([...MEMBERS, "Server3"]);
  const moved = totals.slotsMoved;
  assert(moved >= 170 && moved < 256, String(moved));
  publish([...MEMBERS, "Server3"]);
  assertEquals(totals.slotsMoved, moved);
});

Deno.test("the load's quantiles cover the last ten seconds", () => {
  const { book, workers } = bookOfTwo();
  const report = new LoadReport({
    counters: book,
    inFlight: () => 2,
  });
  const one = workers[0]!.of("Server1");
  for (let i = 0; i < 100; i++) one.began(100, 1);
  one.took(6000, 1);
  one.waited(5000);
  one.ended("GET", 4);
  const first = report.report(5).replicas["Server1"];
  assertEquals([first?.requests, first?.errors, first?.inFlight], [1, 1, 2]);
  assert(first!.p50Ms! > 80 && first!.p50Ms! <= 100);
  assert(first!.p99Ms! <= 100, "the time in the replica has no waits in it");
  assert(first!.holdP99Ms! > 4000 && first!.holdP99Ms! <= 5000);
  for (let second = 0; second < 11; second++) report.look();
  assertEquals(report.report(6).replicas["Server1"]?.p50Ms, null);
  one.began(3, 1);
  const last = report.report(7).replicas["Server1"];
  assert(last!.p99Ms! > 2.5 && last!.p99Ms! <= 3.2);
  assertEquals(report.report(7).replicas["Server2"]?.p50Ms, null);
});

Deno.test("the load's quantiles have the requests of the first second", () => {
  const { book, workers } = bookOfTwo();
  const report = new LoadReport({ counters: book, inFlight: () => 0 });
  workers[0]!.of("Server1").began(100, 1);
  report.look();
  assert(report.report(1).replicas["Server1"]!.p50Ms! > 80);
});

Deno.test("a replica that left and joined again has the quantiles of its second time", () => {
  const { book, workers } = bookOfTwo();
  const report = new LoadReport({ counters: book, inFlight: () => 0 });
  for (let i = 0; i < 100; i++) workers[0]!.of("Server1").began(100, 1);
  report.look();
  for (let second = 0; second < 10; second++) report.look();
  book.enroll([{ name: "Server2" }]);
  workers[0]!.enroll(["Server1"], book.enroll([{ name: "Server1" }, { name: "Server2" }]));
  workers[0]!.of("Server1").began(3, 1);
  const { p50Ms, p99Ms } = report.report(1).replicas["Server1"]!;
  assert(p50Ms! < 3.2 && p99Ms! < 3.2, `${p50Ms} ${p99Ms}`);
});
