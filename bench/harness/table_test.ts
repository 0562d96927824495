import { assertEquals } from "@std/assert";
import { csvOf, fixed, percent, tableOf, whole } from "./table.ts";

Deno.test("a table has its first column to the left and the others to the right", () => {
  assertEquals(
    tableOf(["layout", "N"], [["even", 3], ["ring", 10]]).split("\n"),
    ["| layout |  N |", "| ------ | -: |", "| even   |  3 |", "| ring   | 10 |"],
  );
});

Deno.test("numbers are shown whole, with digits, or as shares; a missing value as a dash", () => {
  assertEquals([whole(10000.4), fixed(1.25, 1), percent(0.965)], ["10,000", "1.3", "96.5 %"]);
  assertEquals([whole(NaN), fixed(NaN, 1), percent(NaN)], ["–", "–", "–"]);
});

Deno.test("CSV names its columns, quotes commas, quotes and line ends, and leaves NaN empty", () => {
  const rows = [{ name: "Server1", requests: 3342 }, { name: "Server2", requests: NaN }];
  assertEquals(csvOf(rows), "name,requests\nServer1,3342\nServer2,\n");
  assertEquals(
    csvOf([{ a: "1,2", b: 'print "no"', c: "x\ny" }]),
    'a,b,c\n"1,2","print ""no""","x\ny"\n',
  );
});
