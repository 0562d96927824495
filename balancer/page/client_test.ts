import { assert, assertEquals } from "@std/assert";
import { compareRings, Ring, type RingOptions } from "../../ring/mod.ts";
import { assignPlaces, colourOf } from "./client/colours.ts";
import { age, duration, milliseconds, number, percent } from "./client/format.ts";
import type { ReplicaStatus as Replica, Status } from "../answers/fleet.ts";
import type { Load } from "../answers/load.ts";
import type { Plan } from "../answers/ring.ts";
import type { ChangeRequest } from "./client/change_request.ts";
import { plannedMoves } from "./client/planned_ring.ts";
import { kept, sharesBetween } from "./client/rates.ts";
import {
  angleOf,
  movesBetween,
  readRuns,
  runAt,
  slotAt,
  slotCounts,
} from "./client/ring_geometry.ts";
import { ringTable } from "./ring_table.ts";

function load(changes: Partial<Load>): Load {
  const none = { requests: 0, errors: 0, held: 0, retried: 0, spilled: 0, lost: 0 };
  return { at: 0, ...none, holding: 0, connections: 0, replicas: {}, ...changes };
}

function served(requests: number) {
  return { requests, errors: 0, inFlight: 0, p50Ms: null, p99Ms: null, holdP99Ms: null };
}

Deno.test("shares cover the requests between two readings, also for new replicas", () => {
  const before = load({ replicas: { a: served(10), b: served(50) } });
  const after = load({ replicas: { a: served(40), b: served(20), c: served(50) } });
  const shares = new Map([["a", 0.3], ["b", 0.2], ["c", 0.5]]);
  assertEquals(sharesBetween(before, after), shares);
  assertEquals(sharesBetween(before, before).size, 0);
});

Deno.test("a list keeps its newest", () => {
  assertEquals(kept([1, 2, 3], 4, 3), [2, 3, 4]);
  assertEquals(kept([], 1, 3), [1]);
});

Deno.test("a replica keeps its colour while others come and go", () => {
  const first = assignPlaces(new Map(), ["a", "b", "c"]);
  assertEquals([...first], [["a", 0], ["b", 1], ["c", 2]]);
  const next = assignPlaces(first, ["b", "d", "c"]);
  assertEquals([next.get("b"), next.get("c"), next.get("d")], [1, 2, 0]);
});

Deno.test("50 owners have 50 colours, by day and by night", () => {
  for (const theme of ["light", "dark"] as const) {
    const colours = Array.from({ length: 50 }, (_, place) => colourOf(place, theme));
    assertEquals(new Set(colours).size, 50);
  }
});

Deno.test("slot 0 is at the top, and the next ones follow clockwise", () => {
  for (const slot of [0, 1, 127, 128, 300, 511]) {
    const angle = angleOf(slot + 0.5, 512);
    assertEquals(slotAt(Math.cos(angle), Math.sin(angle), 512), slot);
  }
  const [x, y] = [Math.cos(angleOf(0, 8)), Math.sin(angleOf(0, 8))];
  assert(Math.abs(x) < 1e-9 && y < -0.99);
});

Deno.test("runs give each slot's owner and each owner's number of slots", () => {
  const runs = readRuns([2, 3, 0, 1, 2, 4]);
  assertEquals([0, 2, 3, 4, 7].map((slot) => runAt(runs, slot)?.owner), [2, 2, 0, 2, 2]);
  assertEquals(slotCounts(runs), [1, 0, 7]);
});

Deno.test("moves agree with the ring's own comparison, also with different numbers of slots", () => {
  const before = Ring.build({ members: ["a", "b", "c"], slots: 256 });
  for (const slots of [256, 512]) {
    const after = Ring.build({ members: ["a", "b", "c", "d"], slots });
    const moves = movesBetween(before, after);
    const share = moves.reduce((sum, { from, to }) => sum + to - from, 0);
    assert(Math.abs(share - compareRings(before, after).share) < 1e-9, `${slots}`);
  }
});

/** A ring, its status, and the balancer's plan of a change. */
function planned(options: RingOptions, request: ChangeRequest, then: RingOptions) {
  const [now, after] = [Ring.build(options), Ring.build(then)];
  const table = ringTable({
    version: 1,
    ring: now,
    ready: new Map(),
    awaited: new Set(),
    epoch: 0,
    quarantined: new Set(),
  });
  const replicas = now.options.members.map((member) => ({ ...member, inRing: true }) as Replica);
  const { members, ...shape } = after.options;
  const facts = { ...shape, members: members.length, digest: after.digest, maxOverMean: 1 };
  const moved = { share: 0, ids: 0, flows: [], flowsLeftOut: 0 };
  const plan = { add: request.hostnames ?? [], remove: request.remove ?? [], after: facts, moved };
  return plannedMoves(table, { replicas } as unknown as Status, request, plan as unknown as Plan);
}

Deno.test("a plan is drawn by the ring that it makes", () => {
  const members = ["a", { name: "b", weight: 2 }, "c"];
  const request = { add: 1, hostnames: ["d"], remove: ["c"], weights: { d: 3, a: 0.5 } };
  const then = [{ name: "a", weight: 0.5 }, { name: "b", weight: 2 }, { name: "d", weight: 3 }];
  const moves = planned({ members }, request, { members: then, slots: 1024, layout: "rendezvous" });
  assert(moves && moves.length > 0);
});

Deno.test("a plan whose ring differs from the page's is not drawn", () => {
  const request = { add: 1, hostnames: ["d"] };
  assertEquals(planned({ members: ["a"] }, request, { members: ["a", "d", "e"] }), undefined);
});

Deno.test("numbers and times are formatted briefly", () => {
  assertEquals([0, 0.42, 7, 1234, 12_345, 250_000].map(number), [
    "0",
    "0.4",
    "7",
    "1,234",
    "12.3k",
    "250k",
  ]);
  assertEquals([0, 59_000, 61_000, 3_600_000, 90_061_000].map(duration), [
    "0 s",
    "59 s",
    "1 min 1 s",
    "1 h",
    "1 d 1 h",
  ]);
  assertEquals([0.84, 12.4, 12_400].map(milliseconds), ["0.8 ms", "12 ms", "12.4 s"]);
  assertEquals([0, 61_000, 7_300_000, 90_061_000].map(age), ["0 s", "1 min", "2 h", "1 d"]);
  assertEquals(percent(0.3333), "33.3 %");
});
