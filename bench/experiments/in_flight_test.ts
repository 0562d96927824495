import { assertEquals } from "@std/assert";
import { inFlightAt, ratiosOf } from "./in_flight.ts";

const outcomes = [
  { start: 0, end: 20, server: "a" },
  { start: 5, end: 30, server: "a" },
  { start: 10, end: 20, server: "b" },
  { start: 0, end: 40, fault: "reset" },
];

Deno.test("a request is in flight from its beginning on, and no longer at its end", () => {
  const looks = inFlightAt(outcomes, ["a", "b"], { from: 0, to: 40 }, 10);
  assertEquals(looks.map(({ at }) => at), [0, 10, 20, 30]);
  assertEquals(looks.map(({ counts }) => counts), [[1, 0], [2, 1], [1, 0], [0, 0]]);
});

Deno.test("where nothing is in flight there is no busiest replica", () => {
  const looks = inFlightAt(outcomes, ["a", "b"], { from: 10, to: 40 }, 10);
  assertEquals(ratiosOf(looks), [4 / 3, 2]);
});
