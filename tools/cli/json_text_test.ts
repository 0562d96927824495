import { assertEquals } from "@std/assert";
import { jsonText } from "./figures.ts";

Deno.test("--json prints no terminal control character, and the same JSON", () => {
  const hostile = { key: "a\u009b2J\u007f\u0085\u2028\u001b[31m ü" };
  const text = jsonText(hostile);
  // deno-lint-ignore no-control-regex -- the forbidden characters
  assertEquals(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text), false);
  assertEquals(JSON.parse(text), hostile);
});
