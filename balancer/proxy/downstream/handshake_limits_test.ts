import { assertEquals } from "@std/assert";
import { HandshakeLimits } from "./handshake_limits.ts";

Deno.test("a worker's handshakes are bounded, and those of one address to a quarter", () => {
  const limits = new HandshakeLimits(8);
  assertEquals([limits.enter("a", false), limits.enter("a", false)], [true, true]);
  assertEquals(limits.enter("a", false), false);
  assertEquals(limits.enter("a", true), true, "an address that many clients share");
  for (let i = 0; i < 5; i++) assertEquals(limits.enter(`b${i}`, false), true);
  assertEquals([limits.enter("c", false), limits.enter("c", true)], [false, false]);
  limits.leave("a");
  assertEquals([limits.enter("a", false), limits.enter("c", false)], [false, true]);
  assertEquals(limits.count, 8);
});

Deno.test("a few handshakes are computed in one turn of the event loop, the others in order", async () => {
  const limits = new HandshakeLimits(100);
  const begun: number[] = [];
  const waits = Array.from({ length: 10 }, async (_, i) => {
    await limits.turn();
    begun.push(i);
  });
  await Promise.resolve();
  assertEquals(begun, [0, 1, 2, 3]);
  await Promise.all(waits);
  assertEquals(begun, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await limits.turn();
});
