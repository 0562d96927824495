import { assertEquals } from "@std/assert";
import { InFlight } from "./in_flight.ts";

Deno.test("an instance is idle when the last request has left, each leaving once", async () => {
  const inFlight = new InFlight();
  assertEquals(await inFlight.idle("i1", 0), true);
  const first = inFlight.enter("i1");
  const second = inFlight.enter("i1");
  const other = inFlight.enter("i2");
  const idle = inFlight.idle("i1", 60_000);
  first();
  first();
  assertEquals(inFlight.count("i1"), 1);
  second();
  assertEquals(await idle, true);
  assertEquals([inFlight.count("i1"), inFlight.count("i2")], [0, 1]);
  other();
});

Deno.test("an instance that is still busy at the deadline is not idle", async () => {
  const inFlight = new InFlight();
  inFlight.enter("i1");
  assertEquals(await inFlight.idle("i1", 1), false);
});
