import { assertEquals, assertRejects } from "@std/assert";
import { RingWatch } from "./ring_watch.ts";

const NEVER = new AbortController().signal;

Deno.test("a wait ends with the moment of the change that it waits for", async () => {
  const ring = new RingWatch();
  ring.update(["a", "b"]);
  const waiting = ring.until((ready) => !ready.has("a"), 10_000, NEVER);
  ring.update(["b"], 5);
  ring.update(["a", "b"], 6);
  assertEquals(await waiting, 5);
});

Deno.test("a wait that takes too long ends with nothing", async () => {
  assertEquals(await new RingWatch().until(({ size }) => size === 1, 1, NEVER), undefined);
});

Deno.test("a wait for a ring that cannot be observed any more fails with the reason", async () => {
  const ring = new RingWatch();
  const waiting = ring.until(({ size }) => size === 1, 10_000, NEVER);
  ring.fail(new Error("blind"));
  await assertRejects(() => waiting, Error, "blind");
  await assertRejects(() => ring.until(() => true, 10_000, NEVER), Error, "blind");
});
