import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BOUNDS_US, quantileMs, STEP_COUNT, stepOf } from "./latency_buckets.ts";

Deno.test("a time is in the first bucket whose bound it does not exceed", () => {
  fc.assert(fc.property(fc.double({ min: 0, max: 200_000, noNaN: true }), (ms) => {
    const bound = BOUNDS_US.findIndex((us) => ms * 1000 <= us);
    assertEquals(stepOf(ms), bound === -1 ? STEP_COUNT - 1 : bound);
  }));
});

Deno.test("bounds belong to their own bucket", () => {
  BOUNDS_US.forEach((us, step) => assertEquals(stepOf(us / 1000), step));
});

Deno.test("infinity and NaN are in the last bucket", () => {
  assertEquals([stepOf(Infinity), stepOf(NaN)], [STEP_COUNT - 1, STEP_COUNT - 1]);
});

Deno.test("a quantile is less than a bucket away from the true one", () => {
  const times = fc.array(fc.integer({ min: 20, max: 90_000_000 }), { minLength: 1 });
  fc.assert(fc.property(times, fc.constantFrom(0.5, 0.99), (us, share) => {
    const counts = new Float64Array(STEP_COUNT);
    for (const one of us) counts[stepOf(one / 1000)]! += 1;
    const sorted = us.toSorted((a, b) => a - b);
    const exact = sorted[Math.max(Math.ceil(share * us.length) - 1, 0)]! / 1000;
    const told = quantileMs(counts, share)!;
    assert(told / exact < 1.3 && exact / told < 1.3, `${told} for ${exact}`);
  }));
});

Deno.test("empty buckets have no quantile", () => {
  assertEquals(quantileMs(new Float64Array(STEP_COUNT), 0.5), null);
});
