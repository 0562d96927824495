import { assertEquals } from "@std/assert";
import { InFlight } from "./in_flight.ts";

Deno.test("an instance is idle when its last request has left", async () => {
  const inFlight = new InFlight();
  assertEquals(await inFlight.idle("i1", 0), true);
  const gauge = inFlight.gauge("i1");
  gauge.enter();
  gauge.enter();
  inFlight.gauge("i2").enter();
  const idle = inFlight.idle("i1", 60_000);
  gauge.leave();
  assertEquals(inFlight.gauge("i1").count, 1);
  gauge.leave();
  assertEquals(await idle, true);
  assertEquals(inFlight.gauge("i2").count, 1);
});

Deno.test("an instance that is still busy at the deadline is not idle", async () => {
  const inFlight = new InFlight();
  inFlight.gauge("i1").enter();
  assertEquals(await inFlight.idle("i1", 1), false);
});
