import { assertEquals } from "@std/assert";
import { sparkline } from "./sparkline.ts";

Deno.test("a sparkline is scaled from 0 to its largest value, and aligned at the newest", () => {
  assertEquals(sparkline([0, 1, 2, 4, 8], 6), " ▁▂▃▅█");
  assertEquals(sparkline([0, 0], 2), "▁▁");
  assertEquals(sparkline([], 3), "   ");
});

Deno.test("a sparkline shows the largest of values that share a cell, and gaps as blanks", () => {
  assertEquals(sparkline([1, 8, 1, 1, 1, 4], 3), "█▂▅");
  assertEquals(sparkline([null, null, 8, null], 2), " █");
  assertEquals(sparkline([null, 4, null], 3), " █ ");
});
