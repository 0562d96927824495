import { assertEquals } from "@std/assert";
import { fixed, percent, tableOf, whole } from "./markdown.ts";

Deno.test("a table has its first column to the left and the others to the right", () => {
  assertEquals(
    tableOf(["layout", "N"], [["even", 3], ["ring", 10]]).split("\n"),
    ["| layout |   N |", "| ------ | --: |", "| even   |   3 |", "| ring   |  10 |"],
  );
});

Deno.test("numbers are shown whole, with digits, or as parts; what is none as a dash", () => {
  assertEquals([whole(10000.4), fixed(1.25, 1), percent(0.965)], ["10,000", "1.3", "96.5 %"]);
  assertEquals([whole(NaN), fixed(NaN, 1), percent(NaN)], ["–", "–", "–"]);
});
