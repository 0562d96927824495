import { assertEquals } from "@std/assert";
import { nextDue } from "./paced_load.ts";

Deno.test("a client that waited long leaves turns out and keeps its place in time", () => {
  const pace = nextDue(0, 1);
  assertEquals(nextDue(7, 7 + pace / 2), 7 + pace);
  assertEquals(nextDue(7, 7 + 2.5 * pace), 7 + 3 * pace);
});
