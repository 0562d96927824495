import { assertEquals } from "@std/assert";
import { Healers } from "./healers.ts";

/** Notes answers of balancers, each of which took 10 ms. */
function overlaps(
  ...answers: readonly [balancer: string, holds: boolean, asked: number][]
): number {
  const healers = new Healers(3000);
  for (const [balancer, holds, asked] of answers) healers.note(balancer, holds, asked, asked + 10);
  return healers.overlaps;
}

Deno.test("a lease that goes from one balancer to another has one holder at a time", () => {
  assertEquals(overlaps(["a", true, 0], ["a", true, 100], ["b", true, 105], ["b", true, 200]), 0);
  assertEquals(overlaps(["a", true, 0], ["a", false, 50], ["b", true, 3500], ["a", true, 7000]), 0);
});

Deno.test("a balancer that holds the lease before and after another one within a lease is noted", () => {
  assertEquals(overlaps(["a", true, 0], ["b", true, 100], ["a", true, 200]), 1);
  assertEquals(overlaps(["a", true, 0], ["b", true, 100], ["a", true, 200], ["b", true, 300]), 2);
});
