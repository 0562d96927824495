import { assertEquals } from "@std/assert";
import { inFlightAt, ratiosOf } from "./b1.ts";

const outcomes = [
  { start: 0, end: 20, server: "a" },
  { start: 5, end: 30, server: "a" },
  { start: 10, end: 20, server: "b" },
  { start: 0, end: 40, fault: "reset" },
];

Deno.test("a request is in flight from its beginning on, and no longer at its end", () => {
  const looks = inFlightAt(outcomes, ["a", "b"], { from: 0, to: 40 }, 10);
  assertEquals(looks, [[1, 0], [2, 1], [1, 0], [0, 0]]);
});

Deno.test("a moment with nothing in flight has no busiest replica", () => {
  assertEquals(ratiosOf([[2, 1], [1, 0], [0, 0]]), [4 / 3, 2]);
});
