import { assert, assertEquals, assertThrows } from "@std/assert";
import { chance, oneOf } from "./random.ts";

Deno.test("the same seed draws the same numbers, another seed others", () => {
  const ten = (seed: number) => Array.from({ length: 10 }, chance(seed));
  assertEquals(ten(7), ten(7));
  assert(ten(7).join() !== ten(8).join());
});

Deno.test("numbers fall all over the place between 0 and 1", () => {
  const draw = chance(1);
  const counts = [0, 0, 0, 0];
  for (let at = 0; at < 4000; at++) counts[Math.floor(draw() * 4)]! += 1;
  assert(counts.every((count) => count > 800 && count < 1200), String(counts));
});

Deno.test("a choice from an empty list is an error", () => {
  assertEquals(oneOf(["a"], chance(3)), "a");
  assertThrows(() => oneOf([], chance(3)), RangeError);
});
