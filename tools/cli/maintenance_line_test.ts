import { assertEquals } from "@std/assert";
import { maintenanceLine } from "./maintenance_line.ts";

Deno.test("the state of the maintenance is one line", () => {
  const since = "2026-01-01T00:00:00.000Z";
  const now = Date.parse(since) + 120_000;
  const maintenance = { message: "Back \x1b[1msoon", retryAfterS: 60, allow: [], since };
  assertEquals(maintenanceLine({ maintenance: null }, now), "no maintenance: requests are served");
  assertEquals(
    maintenanceLine({ maintenance }, now),
    "maintenance for 2 min: requests are answered 503, Retry-After 60 s: Back soon",
  );
  assertEquals(
    maintenanceLine({ maintenance: { ...maintenance, allow: ["10.0.0.0/8"] } }, now),
    "maintenance for 2 min: requests are answered 503, Retry-After 60 s, clients of 10.0.0.0/8 " +
      "are served: Back soon",
  );
});
