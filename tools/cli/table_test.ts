import { assertEquals } from "@std/assert";
import { COLOURS, NO_PAINT } from "./paint.ts";
import { type Column, fitting, tableLines } from "./table.ts";

type Row = readonly [name: string, figure: number];

const COLUMNS: Column<Row>[] = [
  { title: "NAME", cell: ([name]) => name },
  { title: "FIGURE", align: "right", cell: ([, figure]) => String(figure) },
];
const ROWS: Row[] = [["one", 1], ["a-long-name", 22]];

Deno.test("a table aligns its columns and has no trailing space", () => {
  assertEquals(tableLines(COLUMNS, ROWS, { paint: NO_PAINT, width: Infinity }), [
    "NAME         FIGURE",
    "one               1",
    "a-long-name      22",
  ]);
});

Deno.test("a table that is too wide cuts its first column with an ellipsis", () => {
  assertEquals(tableLines(COLUMNS, ROWS, { paint: NO_PAINT, width: 14 }), [
    "NAME    FIGURE",
    "one          1",
    "a-lon…      22",
  ]);
});

Deno.test("colours do not count as width", () => {
  const columns = [{ ...COLUMNS[0]!, cell: ([name]: Row) => COLOURS.red(name) }, COLUMNS[1]!];
  const lines = tableLines(columns, [["one", 1]], { paint: COLOURS, width: Infinity });
  assertEquals(lines, [
    "\x1b[1mNAME\x1b[22m  \x1b[1mFIGURE\x1b[22m",
    "\x1b[31mone\x1b[39m        1",
  ]);
});

Deno.test("of the optional columns as many are shown as fit, in their order", () => {
  const optional: Column<Row>[] = [
    { title: "TEN", cell: () => "", least: 10 },
    { title: "ONE", cell: () => "" },
  ];
  const titles = (width: number) => fitting(COLUMNS, optional, ROWS, width).map((one) => one.title);
  assertEquals(titles(30), ["NAME", "FIGURE"]);
  assertEquals(titles(31), ["NAME", "FIGURE", "TEN"]);
  assertEquals(titles(36), ["NAME", "FIGURE", "TEN", "ONE"]);
});
