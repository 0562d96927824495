import { assertEquals } from "@std/assert";
import { countsOf, median, medianAndMax, quantile, spreadOf } from "./statistics.ts";

Deno.test("the spread of values is their bounds, mean, deviation, and the largest over the mean", () => {
  const spread = { mean: 5, deviation: 3, min: 2, max: 10, maxOverMean: 2 };
  assertEquals(spreadOf([2, 4, 4, 10]), spread);
  assertEquals(spreadOf([7, 7]), { mean: 7, deviation: 0, min: 7, max: 7, maxOverMean: 1 });
});

Deno.test("a quantile is one of the values: the smallest that the share does not exceed", () => {
  const shares: [number, number][] = [[0, 1], [0.5, 2], [0.99, 4], [1, 4]];
  for (const [share, value] of shares) assertEquals(quantile([1, 2, 3, 4], share), value);
  assertEquals(quantile([], 1), NaN);
});

Deno.test("the median is the middle value, or the mean of the two in the middle", () => {
  assertEquals([median([10, 9, 100]), median([4, 1, 2, 100]), median([])], [10, 3, NaN]);
  assertEquals(medianAndMax([30, 10, 20]), { p50: 20, max: 30 });
  assertEquals(medianAndMax([]), { p50: NaN, max: NaN });
});

Deno.test("counts tell how often each value occurs", () => {
  assertEquals([...countsOf(["a", "b", "a"])], [["a", 2], ["b", 1]]);
});
