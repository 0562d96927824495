import { assertEquals } from "@std/assert";
import { TimingSampler } from "./timing_sampler.ts";

/** The weights of `count` requests. */
function drawn(pace: TimingSampler, count: number): number[] {
  return Array.from({ length: count }, () => pace.next());
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

Deno.test("at low rates every request is timed", () => {
  const pace = new TimingSampler();
  for (let tick = 0; tick < 3; tick++) {
    assertEquals(drawn(pace, 199), Array(199).fill(1));
    pace.tick();
  }
});

Deno.test("the weights of sampled requests add up to all requests", () => {
  const pace = new TimingSampler();
  drawn(pace, 2500);
  pace.tick();
  const second = drawn(pace, 2500);
  assertEquals([second.filter((one) => one > 0).length, sum(second)], [100, 2500]);
  assertEquals([...new Set(second)].sort(), [0, 25]);
});

Deno.test("every request is timed again when the rate falls", () => {
  const pace = new TimingSampler();
  drawn(pace, 100_000);
  pace.tick();
  drawn(pace, 1);
  pace.tick();
  assertEquals(drawn(pace, 3), [1, 1, 1]);
});
