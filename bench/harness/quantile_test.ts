import { assertEquals } from "@std/assert";
import { quantile } from "./quantile.ts";

Deno.test("a quantile is one of the values: the smallest that the share does not exceed", () => {
  assertEquals(quantile([1, 2, 3, 4], 0.5), 2);
  assertEquals(quantile([1, 2, 3, 4], 0.99), 4);
  assertEquals(quantile([7], 0), 7);
  assertEquals(quantile([], 1), NaN);
});
