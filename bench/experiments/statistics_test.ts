import { assertEquals } from "@std/assert";
import { countsOf, medianAndMax, spreadOf } from "./statistics.ts";

Deno.test("the spread of values is their bounds, mean, deviation, and the largest over the mean", () => {
  const spread = { count: 4, mean: 5, deviation: 3, min: 2, max: 10, maxOverMean: 2 };
  assertEquals(spreadOf([2, 4, 4, 10]), spread);
});

Deno.test("equal values have no deviation and a largest over the mean of one", () => {
  const { deviation, maxOverMean } = spreadOf([7, 7]);
  assertEquals([deviation, maxOverMean], [0, 1]);
});

Deno.test("of no values there is neither median nor maximum", () => {
  assertEquals(medianAndMax([]), { p50: NaN, max: NaN });
  assertEquals(medianAndMax([30, 10, 20]), { p50: 20, max: 30 });
});

Deno.test("counts tell how often each value occurs", () => {
  assertEquals([...countsOf(["a", "b", "a"])], [["a", 2], ["b", 1]]);
});
