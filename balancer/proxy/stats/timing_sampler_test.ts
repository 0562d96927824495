import { assertEquals } from "@std/assert";
import { TimingSampler } from "./timing_sampler.ts";

/** What so many requests stand for. */
function drawn(pace: TimingSampler, count: number): number[] {
  return Array.from({ length: count }, () => pace.next());
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

Deno.test("few requests are timed one and all", () => {
  const pace = new TimingSampler();
  for (let tick = 0; tick < 3; tick++) {
    assertEquals(drawn(pace, 199), Array(199).fill(1));
    pace.tick();
  }
});

Deno.test("of many requests some stand for the others, and all together for all", () => {
  const pace = new TimingSampler();
  drawn(pace, 2500);
  pace.tick();
  const second = drawn(pace, 2500);
  assertEquals([second.filter((one) => one > 0).length, sum(second)], [100, 2500]);
  assertEquals([...new Set(second)].sort(), [0, 25]);
});

Deno.test("when it gets quiet every request is timed again", () => {
  const pace = new TimingSampler();
  drawn(pace, 100_000);
  pace.tick();
  drawn(pace, 1);
  pace.tick();
  assertEquals(drawn(pace, 3), [1, 1, 1]);
});
