import { assertEquals } from "@std/assert";
import { Ring, type RingOptions } from "../../ring/mod.ts";
import type { View } from "../view.ts";
import { ringTable } from "./ring_table.ts";

function view(options: RingOptions, changes: Partial<View> = {}): View {
  return {
    version: 7,
    ring: Ring.build(options),
    ready: new Map(),
    awaited: new Set(),
    epoch: 0,
    quarantined: new Set(),
    ...changes,
  };
}

/** Expands runs to the table. */
function unrolled(runs: readonly number[]): number[] {
  const table: number[] = [];
  for (let at = 0; at < runs.length; at += 2) {
    for (let n = 0; n < (runs[at + 1] ?? 0); n++) table.push(runs[at] ?? -1);
  }
  return table;
}

Deno.test("the runs expand to the ring's table, with any layout", () => {
  for (const layout of ["even", "ring", "rendezvous"] as const) {
    const seen = view({ members: ["a", { name: "b", weight: 2 }, "c"], slots: 512, layout });
    assertEquals(unrolled(ringTable(seen).runs), [...seen.ring.table]);
  }
});

Deno.test("a client that has the ring gets no slots again, but every member's state", () => {
  const seen = view({ members: ["a", "b"], slots: 64, layout: "ring" });
  const { unchanged, runs, virtualServers, members } = ringTable(seen, seen.ring.digest);
  assertEquals({ unchanged, runs, virtualServers }, {
    unchanged: true,
    runs: [],
    virtualServers: [],
  });
  assertEquals(members.length, 2);
  assertEquals(ringTable(seen, "0").unchanged, false);
});

Deno.test("adjacent slots of one owner are one run", () => {
  assertEquals(ringTable(view({ members: ["a"], slots: 64 })).runs, [0, 64]);
});

Deno.test("an empty ring has no owners and no runs", () => {
  const { members, runs, slots } = ringTable(view({ members: [], slots: 8 }));
  assertEquals({ members, runs, slots }, { members: [], runs: [], slots: 8 });
});

Deno.test("the answer lists each member's readiness, waiting and virtual servers", () => {
  const a = { name: "a", instance: "i", address: { hostname: "127.0.0.1", port: 1 } };
  const seen = view({ members: ["a", "b"], slots: 64, layout: "ring", virtualServers: 2 }, {
    ready: new Map([["a", a]]),
    awaited: new Set(["b"]),
  });
  const table = ringTable(seen);
  assertEquals(table.members, [
    { name: "a", weight: 1, ready: true, awaited: false },
    { name: "b", weight: 1, ready: false, awaited: true },
  ]);
  const placed = table.virtualServers.map(([member, slot]) => [table.members[member]?.name, slot]);
  assertEquals(placed, seen.ring.virtualServers.map(({ member, slot }) => [member, slot]));
  assertEquals([table.version, table.virtualServersEach], [7, 2]);
});
