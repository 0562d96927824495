import { assert, assertEquals } from "@std/assert";
import { systemClock, wallClockOf } from "./clock.ts";

Deno.test("the date of an instant is constant while the clocks drift, and follows when the date is set", () => {
  let [now, date] = [100, 1_000_000];
  const wallClock = wallClockOf(() => now, () => date);
  assertEquals(wallClock(40), 999_940);
  [now, date] = [10_100, 1_010_400];
  assertEquals(wallClock(40), 999_940);
  date -= 3_600_000;
  assertEquals(wallClock(40), 999_940 - 3_600_000 + 400);
});

Deno.test("the system's clock counts whole milliseconds and dates them as of today", () => {
  const now = systemClock.now();
  assertEquals(now, Math.floor(now));
  assert(Math.abs(systemClock.wallClock(now) - Date.now()) < 1000);
});
