import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { chance } from "../harness/random.ts";
import { Zipf } from "./zipf.ts";

Deno.test("the first of two keys is asked for twice as often as the second", () => {
  const zipf = new Zipf(2, 1);
  assertAlmostEquals(zipf.share(1), 2 / 3);
  assertAlmostEquals(zipf.share(2), 1 / 3);
});

Deno.test("draws come as often as their share says", () => {
  const zipf = new Zipf(100, 1);
  const counts = new Array<number>(101).fill(0);
  const draw = chance(1);
  for (let at = 0; at < 100_000; at++) counts[zipf.draw(draw)]!++;
  for (const rank of [1, 2, 10, 100]) {
    const share = counts[rank]! / 100_000;
    assert(Math.abs(share - zipf.share(rank)) < 0.005, `rank ${rank}: ${share}`);
  }
});

Deno.test("the bounds of chance draw the first and the last rank", () => {
  const zipf = new Zipf(10, 1);
  assertEquals(zipf.draw(() => 0), 1);
  assertEquals(zipf.draw(() => 1 - 2 ** -53), 10);
});
