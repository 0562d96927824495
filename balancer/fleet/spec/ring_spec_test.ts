import { assert, assertAlmostEquals, assertEquals, assertFalse } from "@std/assert";
import {
  factsOf,
  isPossible,
  isRingOf,
  ringOf,
  type RingShape,
  type RingSpec,
  slotsOf,
} from "./ring_spec.ts";
import { ringCapacity } from "../../../ring/mod.ts";
import { TEST_SHAPE } from "../harness.ts";

function ringSpec(weights: Record<string, number>, shape: Partial<RingShape> = {}): RingSpec {
  return { weights: new Map(Object.entries(weights)), shape: { ...TEST_SHAPE, ...shape } };
}

/** Weights as users set them, from two replicas to ten. */
const WEIGHTS: readonly (readonly number[])[] = [
  [1, 2],
  [1, 1, 2],
  [3, 1, 1, 1, 1, 1],
  [0.5, 1, 2, 4],
  [1, 10],
  [5, 4, 3, 2, 1, 1, 2, 3, 4, 5],
];

/**
 * Returns the difference between each share of slots and its share of weight, and the standard
 * deviation.
 */
function errors(weights: readonly number[], shape: Partial<RingShape>) {
  const named = Object.fromEntries(weights.map((weight, k) => [`Server${k + 1}`, weight]));
  const slots = slotsOf(ringOf(ringSpec(named, shape)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const count = shape.slots ?? 512;
  return weights.map((weight, k) => {
    const share = weight / total;
    const error = Math.abs((slots.get(`Server${k + 1}`) ?? 0) / count - share);
    return { error, deviation: Math.sqrt(share * (1 - share) / count) };
  });
}

Deno.test("in layout even, shares are within one percentage point of the weights, and within a slot", () => {
  for (const slots of [512, 4096, 65_536]) {
    for (const { error } of WEIGHTS.flatMap((weights) => errors(weights, { slots }))) {
      assert(error <= 0.01 && error < 1 / slots, `${error} at ${slots} slots`);
    }
  }
});

Deno.test("in layout rendezvous they are with 65536 slots; with few slots they vary as random numbers do", () => {
  const shares = (slots: number) =>
    WEIGHTS.flatMap((weights) => errors(weights, { slots, layout: "rendezvous" }));
  for (const { error } of shares(65_536)) assert(error <= 0.01, `${error}`);
  for (const { error, deviation } of [...shares(512), ...shares(4096)]) {
    assert(error <= 4 * deviation, `${error}, ${error / deviation} standard deviations`);
  }
  assert(shares(512).some(({ error }) => error > 0.01), "that is more than a percentage point");
});

Deno.test("a ring is identified by names, weights and shape, in any order", () => {
  const ring = ringOf(ringSpec({ a: 1, b: 2 }));
  assert(isRingOf(ring, ringSpec({ b: 2, a: 1 })));
  const others = [
    ringSpec({ a: 1, b: 3 }),
    ringSpec({ a: 1, c: 2 }),
    ringSpec({ a: 1 }),
    ringSpec({ a: 1, b: 2, c: 1 }),
    ringSpec({ a: 1, b: 2 }, { virtualServers: 8 }),
    ringSpec({ a: 1, b: 2 }, { hashes: "seed" }),
  ];
  for (const other of others) assertFalse(isRingOf(ring, other));
});

Deno.test("the facts of a ring name its worst ratio and its capacity", () => {
  const seed = ringSpec({ Server1: 1, Server2: 1, Server3: 1 }, {
    layout: "ring",
    hashes: "seed",
  });
  const facts = factsOf(ringOf(seed), seed);
  assertEquals([facts.members, facts.slots, facts.layout, facts.hashes], [3, 512, "ring", "seed"]);
  assertAlmostEquals(facts.maxOverMean, 494 * 3 / 512, 1e-12);
  assertEquals([facts.capacity, ringCapacity(TEST_SHAPE)], [56, 512]);
  const weighted = ringSpec({ a: 1, b: 3, c: 0 });
  assertAlmostEquals(factsOf(ringOf(weighted), weighted).maxOverMean, 1, 1e-12);
  const empty = ringSpec({});
  assertEquals(factsOf(ringOf(empty), empty).maxOverMean, 0);
});

Deno.test("a ring is possible if a member has a weight and all have room", () => {
  const ring = { layout: "ring" } as const;
  const possible = [{}, { a: 1, b: 0 }].map((weights) => isPossible(ringSpec(weights, ring)));
  const impossible = [{ a: 0 }, { a: 60 }].map((weights) => isPossible(ringSpec(weights, ring)));
  assertEquals([possible, impossible], [[true, true], [false, false]]);
});
