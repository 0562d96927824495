import { assertEquals } from "@std/assert";
import { Walks } from "./walks.ts";

/** Walks of `count` members, and how often each walk was computed. */
function counted(members: number) {
  const worked: number[] = [];
  const order = Array.from({ length: members }, (_, at) => at);
  const walks = new Walks(order.map((at) => `Server${at}`), (slot) => {
    worked.push(slot);
    return order;
  });
  return { walks, worked };
}

Deno.test("Computed walks are cached", () => {
  const { walks, worked } = counted(3);
  for (const slot of [7, 8, 7, 8]) assertEquals(walks.of(slot).length, 3);
  assertEquals(worked, [7, 8]);
});

Deno.test("The cache holds at most a million names and evicts the oldest walk first", () => {
  const { walks, worked } = counted(2 ** 18);
  for (const slot of [0, 1, 2, 3]) walks.of(slot);
  walks.of(4);
  for (const slot of [1, 2, 3, 4]) walks.of(slot);
  assertEquals(worked, [0, 1, 2, 3, 4]);
  walks.of(0);
  assertEquals(worked, [0, 1, 2, 3, 4, 0]);
});

Deno.test("An empty ring has empty walks", () => {
  assertEquals(counted(0).walks.of(0), []);
});
