import { assertEquals } from "@std/assert";
import { answersBetween, binsOf, dotsOf } from "./a3.ts";

const NAMES = ["Server1", "Server2"];
const outcomes = [
  { start: 990, end: 999, server: "Server1" },
  { start: 995, end: 1000, server: "Server2" },
  { start: 1000, end: 1099.96, server: "Server2" },
  { start: 1000, end: 1050, fault: "reset" },
  { start: 1000, end: 1300, server: "Server1" },
];

Deno.test("answers are counted by the time that they came, without requests that got none", () => {
  assertEquals(binsOf(outcomes, NAMES, 1000, { from: -100, to: 200 }, 100), {
    width: 100,
    from: -100,
    counts: { Server1: [1, 0, 0], Server2: [0, 2, 0] },
  });
});

Deno.test("between two moments the first counts and the last does not", () => {
  assertEquals(answersBetween(outcomes, NAMES, 999, 1000), [1, 0]);
  assertEquals(answersBetween(outcomes, NAMES, 1000, 1300), [0, 2]);
});

Deno.test("a dot has the time its request was sent, how long it took and the replica", () => {
  assertEquals(dotsOf(outcomes, 1000, { from: -6, to: 0 }), [[-5, 5, "Server2"]]);
  assertEquals(dotsOf(outcomes, 1000, { from: 0, to: 1 }).map(([, took]) => took), [100, 50, 300]);
});
