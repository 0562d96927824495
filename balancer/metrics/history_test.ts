import { assert, assertEquals } from "@std/assert";
import { Ring } from "../../ring/mod.ts";
import type { EventLogEntry } from "../fleet/incidents/event_log.ts";
import { type Incident, NO_COSTS } from "../fleet/incidents/incident.ts";
import { CounterTable } from "../proxy/stats/counter_table.ts";
import { WorkerCounters } from "../proxy/stats/worker_counters.ts";
import { History } from "./history.ts";
import { HistoryMarks } from "./history_marks.ts";
import { SampleRing } from "./sample_ring.ts";

/** The wall clock is this far ahead of the monotonic one. */
const OFFSET = 1_000_000;

const SHAPE = { slots: 512, virtualServers: 9, layout: "even", hashes: "fibonacci" } as const;

function ringOf(names: readonly string[]): Ring {
  return Ring.build({ ...SHAPE, members: names.map((name) => ({ name, weight: 1 })) });
}

/** A history over one worker and two replicas, with a clock that the test sets. */
function recorded() {
  const book = new CounterTable(1);
  const members = [{ name: "A" }, { name: "B" }];
  const worker = new WorkerCounters(book.workers, 0);
  worker.enroll(["A", "B"], book.enroll(members));
  const state = { now: 0, ready: 2, ring: ringOf(["A", "B"]), incidents: [] as Incident[] };
  const history = new History({
    counters: book,
    marks: new HistoryMarks({ ring: () => state.ring, incidents: () => state.incidents }),
    replicas: () => ({ ready: state.ready, desired: 2 }),
    clock: { now: () => state.now, wallClock: (instant) => OFFSET + instant },
  });
  const seconds = (count: number, each: () => void = () => {}) => {
    for (let second = 0; second < count; second++) {
      each();
      state.now += 1000;
      history.look();
    }
  };
  let id = 0;
  const note = (event: object) =>
    history.note({ id: ++id, at: OFFSET + state.now, ...event } as EventLogEntry);
  return { book, worker, history, state, seconds, note };
}

Deno.test("a second of the history has rates, and quantiles of its own requests alone", () => {
  const { worker, history, seconds } = recorded();
  const answer = (ms: number, outcome: number) => {
    worker.own.ended(outcome);
    worker.of("A").took(ms, 1);
    worker.of("A").began(ms / 2, 1);
  };
  seconds(1, () => [10, 10, 10, 10].forEach((ms) => answer(ms, 1)));
  seconds(1, () => {
    answer(80, 4);
    worker.own.waited(500);
    worker.own.countCost("held");
  });
  seconds(1);
  const { at, series } = history.report({ step: "second", since: 0 });
  assertEquals(at, [1000, 2000, 3000].map((ms) => OFFSET + ms));
  assertEquals(series["2xx"], [4, 0, 0]);
  assertEquals(series["5xx"], [0, 1, 0]);
  assertEquals(series.held, [0, 1, 0]);
  assert(series.p50Ms[0]! > 8 && series.p50Ms[0]! <= 10);
  assert(series.p50Ms[1]! > 64 && series.p50Ms[1]! <= 80);
  assert(series.replicaP99Ms[1]! <= 40, "the time in the replica is apart");
  assert(series.holdP99Ms[1]! > 400 && series.holdP99Ms[1]! <= 500);
  assertEquals([series.p50Ms[2], series.holdP99Ms[0]], [null, null]);
});

Deno.test("a minute of the history has mean rates and the worst gauges of its seconds", () => {
  const { worker, history, state, seconds } = recorded();
  seconds(30, () => worker.own.ended(1));
  worker.own.holding = 7;
  state.ready = 1;
  seconds(1);
  worker.own.holding = 0;
  state.ready = 2;
  seconds(29);
  const { at, series } = history.report({ step: "minute", since: 0 });
  assertEquals(at, [OFFSET + 60_000]);
  assertEquals(series["2xx"], [0.5]);
  assertEquals([series.holding, series.ready, series.desired], [[7], [1], [2]]);
  seconds(60, () => worker.own.ended(1));
  assertEquals(history.report({ step: "minute", since: 0 }).series["2xx"], [0.5, 1]);
});

Deno.test("a late sample has the mean rates of the time that it covers", () => {
  const { worker, history, state } = recorded();
  for (let i = 0; i < 40; i++) worker.own.ended(1);
  state.now = 4000;
  history.look();
  assertEquals(history.report({ step: "second", since: 0 }).series["2xx"], [10]);
});

Deno.test("the history keeps 15 minutes of seconds and 24 hours of minutes, in constant memory", () => {
  const { history, seconds } = recorded();
  const { bytes } = history.report({ step: "second", since: 0 });
  seconds(25 * 3600);
  const by = (step: "second" | "minute") => history.report({ step, since: 0 });
  assertEquals([by("second").at.length, by("minute").at.length], [900, 1440]);
  assertEquals(by("second").at[0], OFFSET + 25 * 3_600_000 - 899_000);
  assertEquals(by("minute").bytes, bytes);
  assert(bytes < 256 * 1024, String(bytes));
});

Deno.test("the totals do not go back when a replica leaves the ring", () => {
  const { book, worker, history, seconds } = recorded();
  seconds(1, () => worker.of("B").took(10, 1));
  book.enroll([{ name: "A" }]);
  seconds(1, () => worker.of("A").took(40, 1));
  const { series } = history.report({ step: "second", since: 0 });
  assert(series.p50Ms[1]! > 32 && series.p50Ms[1]! <= 40, String(series.p50Ms));
});

Deno.test("only samples after a date are reported, across the end of the buffer", () => {
  const ring = new SampleRing(3, 1);
  for (let at = 1; at <= 5; at++) ring.push(at, Float64Array.of(10 * at));
  const { dates, column } = ring.since(3);
  assertEquals([dates, column(0)], [[4, 5], [40, 50]]);
  assertEquals(ring.since(0).dates, [3, 4, 5]);
  assertEquals(ring.since(5).dates, []);
});

Deno.test("incidents, deploys, changes and outages of the engine are marks", () => {
  const { history, state, note, seconds } = recorded();
  const marks = (since = 0) => history.report({ step: "second", since }).marks;
  note({ type: "view" });
  note({ type: "view" });
  assertEquals(marks(), [], "health alone changes no ring");

  const failed: Incident = {
    id: 1,
    name: "A",
    signal: "exit 137",
    served: true,
    failedStarts: 0,
    evidence: {},
    at: OFFSET,
    signalAt: OFFSET,
    spare: false,
    costs: NO_COSTS,
  };
  state.incidents = [failed];
  assertEquals(marks().map(({ id, until, text }) => [id, until, text]), [
    ["incident-1", null, "A: exit 137"],
  ]);
  seconds(1);
  const closed = { ...failed, endedAt: OFFSET + 500 };
  state.incidents = [closed];
  note({ type: "incident", incident: closed });

  state.ring = ringOf(["A", "B", "C"]);
  note({ type: "view" });
  seconds(2);
  state.ring = ringOf(["A", "B", "C", "D"]);
  note({ type: "view" });
  note({ type: "deploy", step: "starting" });
  note({ type: "deploy", step: "rolled-back", reason: "exit 1" });
  note({ type: "engine", up: false });
  assertEquals(marks().map(({ kind, until, text }) => [kind, until && until - OFFSET, text]), [
    ["incident", 500, "A: exit 137"],
    ["change", 3000, "the ring changed, 2 to 3 replicas"],
    ["deploy", 3000, "deploy: rolled-back, exit 1"],
    ["engine", null, "the engine did not answer"],
  ]);
  assertEquals(marks(OFFSET + 2000).length, 3);
  for (let i = 0; i < 300; i++) note({ type: "deploy", step: "done" });
  assertEquals(marks().length, 256);
});
