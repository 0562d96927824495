import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { compareRings, type Layout, movedIds, Ring } from "./mod.ts";

function servers(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `Server${at + 1}`);
}

Deno.test("comparison: nothing moves between equal rings", () => {
  const ring = Ring.build({ members: servers(5) });
  assertEquals(compareRings(ring, Ring.build(ring.options)), { share: 0, flows: [] });
});

Deno.test("comparison: an empty ring gives and takes everything", () => {
  const empty = Ring.build({ members: [] });
  const ring = Ring.build({ members: ["a", "b"] });
  assertEquals(compareRings(empty, ring).flows.map(({ from, share }) => [from, share]), [
    [undefined, 0.5],
    [undefined, 0.5],
  ]);
  assertEquals(compareRings(ring, empty).share, 1);
  assertEquals(compareRings(empty, empty), { share: 0, flows: [] });
});

Deno.test("comparison: with equal numbers of slots it counts slots", () => {
  const before = Ring.build({ members: servers(10) });
  const after = Ring.build({ members: servers(9) });
  const moved =
    before.table.filter((owner, slot) =>
      before.members[owner] !== after.members[after.table[slot]!]
    ).length;
  assertEquals(compareRings(before, after).share, moved / 512);
});

Deno.test("comparison: with different numbers of slots it agrees with sampled keys", () => {
  const keys = Array.from({ length: 50_000 }, (_, at) => `key-${at}`);
  const before = Ring.build({ members: servers(7), slots: 300 });
  const after = Ring.build({ members: servers(8), slots: 1000, layout: "rendezvous" });
  const moved = keys.filter((key) => before.ownerOfKey(key) !== after.ownerOfKey(key)).length;
  assertAlmostEquals(compareRings(before, after).share, moved / keys.length, 0.01);
});

const ring = fc.record({
  members: fc.uniqueArray(fc.nat(30), { maxLength: 12 }).map((ids) => ids.map((id) => `S${id}`)),
  slots: fc.integer({ min: 12, max: 200 }),
  layout: fc.constantFrom<Layout>("even", "rendezvous"),
}).map((options) => Ring.build(options));

Deno.test("comparison: the opposite direction moves the same flows back", () => {
  fc.assert(fc.property(ring, ring, (one, two) => {
    const there = compareRings(one, two);
    const back = compareRings(two, one);
    const key = (a?: string, b?: string) => `${a} ${b}`;
    const returned = new Map(back.flows.map(({ from, to, share }) => [key(to, from), share]));
    assertEquals(
      returned,
      new Map(there.flows.map(({ from, to, share }) => [key(from, to), share])),
    );
    assert(there.share >= 0 && there.share <= 1);
    assertAlmostEquals(there.flows.reduce((sum, { share }) => sum + share, 0), there.share, 1e-9);
  }));
});

Deno.test("comparison: flows are sorted largest first, equal ones in canonical order", () => {
  const before = Ring.build({ members: ["a", "b", "c"], slots: 300, layout: "rendezvous" });
  const { flows } = compareRings(before, Ring.build({ members: ["x", "y"], slots: 300 }));
  const ranks = flows.map(({ from, to, share }) => [1 - share, `${from} ${to}`] as const);
  assertEquals(ranks, ranks.toSorted(([a, one], [b, two]) => a - b || (one < two ? -1 : 1)));
  assertEquals(flows.length, 6);
});

Deno.test("comparison: with one hash family and enough slots, ids move as string keys do", () => {
  const before = Ring.build({ members: servers(4) });
  const after = Ring.build({ members: servers(5) });
  assertAlmostEquals(movedIds(before, after), compareRings(before, after).share, 0.01);
  assertEquals(movedIds(before, before), 0);
  assertEquals(movedIds(Ring.build({ members: [] }), before), 1);
});
