import { assertEquals } from "@std/assert";
import { countsIn } from "./gate_lines.ts";

Deno.test("a line counts once its end has come", () => {
  assertEquals(countsIn("1\n20\n33"), { counts: [1, 20], rest: "33" });
  assertEquals(countsIn("4"), { counts: [], rest: "4" });
});
