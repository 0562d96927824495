/**
 * Tables of results as Markdown and as CSV, and the numbers in them.
 *
 * @module
 */
import { markdownTable } from "markdown-table";

/** A row of cells. */
type Cells = readonly (string | number)[];

/** A row of CSV: a value for every column; NaN leaves the cell empty. */
export type CsvRow = Readonly<Record<string, string | number>>;

/**
 * A table in Markdown, as `deno fmt` writes it: the first column to the left, the others to the right.
 *
 * @param head titles of the columns
 * @param rows the cells
 */
export function tableOf(head: Cells, rows: readonly Cells[]): string {
  const align = head.map((_, at) => at === 0 ? "" : "right");
  return markdownTable([head, ...rows].map((row) => row.map(String)), { align });
}

/**
 * Comma-separated values with a head line (RFC 4180, with LF at the ends of lines).
 *
 * @param rows the rows; the first names the columns, and the others have the same
 */
export function csvOf(rows: readonly CsvRow[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const lines = rows.map((row) => columns.map((column) => csvCell(row[column] ?? "")).join(","));
  return `${[columns.map(csvCell).join(","), ...lines].join("\n")}\n`;
}

function csvCell(value: string | number): string {
  const text = Number.isNaN(value) ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A number with commas between thousands. */
export function whole(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en-US") : "–";
}

/** A number with digits behind the point. */
export function fixed(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : "–";
}

/** A share in per cent. */
export function percent(share: number, digits = 1): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(digits)} %` : "–";
}
