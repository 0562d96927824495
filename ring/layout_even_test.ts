import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { quotasOf } from "./layout_even.ts";
import { Ring, RingFullError } from "./mod.ts";

const FIXED = { seed: 1, numRuns: 200 };
const name = fc.string({ minLength: 1, unit: "binary" });

function servers(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `Server${at + 1}`);
}

function sharesOf(ring: Ring): number[] {
  return ring.members.map((_, at) => ring.table.filter((owner) => owner === at).length);
}

// Worked out by an independent script in Python: scores from MurmurHash3, quotas by hand.
Deno.test("The layout of 3 members does not change", () => {
  const small = Ring.build({ members: servers(3), slots: 16 });
  assertEquals([...small.table], [1, 0, 2, 2, 2, 0, 2, 2, 0, 1, 0, 1, 0, 1, 1, 0]);
  assertEquals(Ring.build({ members: servers(3) }).digest, "3f67e26d74c3b26d");
});

Deno.test("Members of equal weight differ by one slot at most", () => {
  const members = fc.uniqueArray(name, { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(members, fc.integer({ min: 40, max: 600 }), (members, slots) => {
      const shares = sharesOf(Ring.build({ members, slots }));
      for (const share of shares) {
        assert(
          share === Math.floor(slots / members.length) ||
            share === Math.ceil(slots / members.length),
        );
      }
    }),
    FIXED,
  );
});

Deno.test("Each member has its weighted share of slots, rounded down or up", () => {
  const weight = fc.integer({ min: 0, max: 1000 });
  const weights = fc.array(weight, { minLength: 1, maxLength: 40 })
    .filter((weights) => weights.some((weight) => weight > 0));
  fc.assert(
    fc.property(weights, fc.integer({ min: 40, max: 600 }), (weights, slots) => {
      const members = weights.map((weight, at) => ({ name: `S${at}`, weight }));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      sharesOf(Ring.build({ members, slots })).forEach((share, at) => {
        // Whole numbers, so that the bound is exact: the share differs from M·w/W by less than 1.
        assert(Math.abs(share * total - slots * weights[at]!) < total);
      });
    }),
    FIXED,
  );
});

Deno.test("Of equal remainders the first in canonical order is rounded up", () => {
  const members = servers(3).map((name) => ({ name, weight: 1 }));
  assertEquals([...quotasOf(members, 512)], [171, 171, 170]);
  assertEquals([...quotasOf(members, 511)], [171, 170, 170]);
});

Deno.test("Huge and tiny weights share out all slots", () => {
  const weights = [Number.MAX_VALUE, Number.MAX_VALUE, Number.MIN_VALUE];
  const members = weights.map((weight, at) => ({ name: `S${at}`, weight }));
  assertEquals([...quotasOf(members, 512)], [256, 256, 0]);
  assertEquals(sharesOf(Ring.build({ members })), [256, 256, 0]);
});

Deno.test("There can be as many members as slots, and no more", () => {
  assertEquals(sharesOf(Ring.build({ members: servers(16), slots: 16 })), servers(16).map(() => 1));
  const error = assertThrows(() => Ring.build({ members: servers(17), slots: 16 }), RingFullError);
  assertEquals([error.needed, error.slots], [17, 16]);
});
