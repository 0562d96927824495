/**
 * Tables for terminals.
 *
 * @module
 */
import CliTable from "cli-table3";
import { stripVTControlCharacters } from "node:util";
import type { Paint } from "./paint.ts";

/** One column of a table of `Row`s. */
export interface Column<Row> {
  readonly title: string;
  /** `left` unless given. */
  readonly align?: "left" | "right";
  /** The least number of characters, so that what changes does not move what is beside it. */
  readonly least?: number;
  readonly cell: (row: Row) => string;
}

/** How a table looks. */
export interface Look {
  readonly paint: Paint;
  /** Columns of the terminal; what does not fit is cut from the first column, with an ellipsis. */
  readonly width: number;
}

const GAP = "  ";
const NARROWEST = 4;

/** No frame: what is seen is the alignment. */
const CHARS = {
  "top": "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  "bottom": "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  "left": "",
  "left-mid": "",
  "mid": "",
  "mid-mid": "",
  "right": "",
  "right-mid": "",
  "middle": GAP,
};

/**
 * The lines of a table, its titles first.
 *
 * @param columns what to show of each row
 * @param rows the rows
 * @param look how
 */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { paint, width }: Look,
): string[] {
  const widths = columns.map((column) => columnWidth(column, rows));
  const [first = 0, ...others] = widths;
  const room = width - others.reduce((sum, other) => sum + other + GAP.length, 0);
  const table = new CliTable({
    chars: CHARS,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    colAligns: columns.map(({ align }) => align ?? "left"),
    colWidths: [Math.min(first, Math.max(NARROWEST, room)), ...others],
  });
  table.push(columns.map(({ title }) => paint.bold(title)));
  for (const row of rows) table.push(columns.map(({ cell }) => cell(row)));
  return table.toString().split("\n").map((line) => line.trimEnd());
}

/** How wide a column has to be for everything in it. */
function columnWidth<Row>(
  { title, cell, least = 0 }: Column<Row>,
  rows: readonly Row[],
): number {
  return rows.reduce(
    (most, row) => Math.max(most, stripVTControlCharacters(cell(row)).length),
    Math.max(title.length, least),
  );
}

/**
 * As many of some columns as there is room for beside others.
 *
 * @param fixed columns that are shown in any case
 * @param optional the others, the most wanted first
 */
export function fitting<Row>(
  fixed: readonly Column<Row>[],
  optional: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): Column<Row>[] {
  const chosen = [...fixed];
  let used = fixed.reduce((sum, one) => sum + columnWidth(one, rows) + GAP.length, -GAP.length);
  for (const column of optional) {
    used += columnWidth(column, rows) + GAP.length;
    if (used > width) break;
    chosen.push(column);
  }
  return chosen;
}
