import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { fmix32 } from "./fmix32.ts";
import { quotasOf } from "./layout_even.ts";
import { Ring } from "./mod.ts";
import type { WeightedMember } from "./members.ts";
import { hashOfPair, hashOfSlot, scoreOf, scoringWeight, wordsOf } from "./scores.ts";

const weight = fc.oneof(
  fc.constant(1),
  fc.constantFrom(0, 0.5, 2, Number.MIN_VALUE, 1e9, Number.MAX_VALUE),
  fc.double({ min: 0, max: 100, noNaN: true }),
);
const members = fc.uniqueArray(
  fc.record({ name: fc.string({ minLength: 1, unit: "binary" }), weight }),
  { minLength: 1, maxLength: 60, selector: ({ name }) => name },
).filter((members) => members.some(({ weight }) => weight > 0));

/** The definition: each slot in turn goes to its highest-scoring member with quota left. */
function layOutPlainly(members: readonly WeightedMember[], quotas: number[]): number[] {
  const slots = quotas.reduce((sum, quota) => sum + quota, 0);
  const words = members.map(({ name }) => wordsOf(name));
  const table = new Array<number>(slots);
  for (const slot of [...table.keys()].sort((a, b) => fmix32(a) - fmix32(b))) {
    const scores = members.map(({ weight }, at) =>
      quotas[at]! === 0
        ? -1
        : scoreOf(hashOfPair(hashOfSlot(slot), ...words[at]!), scoringWeight(weight))
    );
    const owner = scores.indexOf(Math.max(...scores));
    quotas[owner]! -= 1;
    table[slot] = owner;
  }
  return table;
}

Deno.test("Each slot goes to the highest-scoring member with quota left", () => {
  fc.assert(
    fc.property(members, fc.integer({ min: 60, max: 300 }), (members, slots) => {
      const ring = Ring.build({ members, slots });
      const quotas = [...quotasOf(ring.options.members, slots)];
      assertEquals([...ring.table], layOutPlainly(ring.options.members, quotas));
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("The same holds for many members of one weight, and for one member that outweighs the rest", () => {
  for (const heaviest of [1, 20, 5000]) {
    const members = Array.from({ length: 400 }, (_, at) => ({
      name: `S${at}`,
      weight: at === 7 ? heaviest : 1,
    }));
    const ring = Ring.build({ members, slots: 1000 });
    const quotas = [...quotasOf(ring.options.members, 1000)];
    assertEquals([...ring.table], layOutPlainly(ring.options.members, quotas));
  }
});
