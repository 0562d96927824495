import { assertEquals, assertThrows } from "@std/assert";
import { between, markdownTable } from "./markdown.ts";

Deno.test("a table's columns are as wide as their widest cell, numbers to the right", () => {
  assertEquals(
    markdownTable(["", "ns"], [["even", "1.25"], ["a longer name", "10"]]),
    [
      "|               |   ns |",
      "| ------------- | ---: |",
      "| even          | 1.25 |",
      "| a longer name |   10 |",
    ].join("\n"),
  );
});

Deno.test("what stands between two marks is replaced, however often", () => {
  const page = "before\n\n<!-- a -->\nold\n<!-- /a -->\n\nafter\n";
  const once = between(page, "a", "new");
  assertEquals(once, "before\n\n<!-- a -->\n\nnew\n\n<!-- /a -->\n\nafter\n");
  assertEquals(between(once, "a", "new"), once);
});

Deno.test("a page without its marks is refused", () => {
  assertThrows(() => between("<!-- /a --> <!-- a -->", "a", ""), RangeError, "<!-- a -->");
});
