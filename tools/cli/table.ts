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
  /** The default is `left`. */
  readonly align?: "left" | "right";
  /** The minimum width in characters, so that changing values do not move other columns. */
  readonly least?: number;
  readonly cell: (row: Row) => string;
}

/** The format of a table. */
export interface Look {
  readonly paint: Paint;
  /** Columns of the terminal; the first column is cut to fit, with an ellipsis. */
  readonly width: number;
}

const GAP = "  ";
const NARROWEST = 4;

/** No frame: only aligned columns. */
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
 * @param columns the columns of each row
 * @param rows the rows
 * @param look the format
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

/** Returns the width that a column needs. */
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
 * Returns as many optional columns as fit beside the fixed ones.
 *
 * @param fixed columns that are always shown
 * @param optional the other columns, the most important first
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
