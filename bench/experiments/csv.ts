/**
 * Comma-separated values (RFC 4180, with LF for the ends of lines).
 *
 * @module
 */

/** A line: a value for every column; NaN where there is none. */
export type Row = Readonly<Record<string, string | number>>;

/**
 * Rows as CSV with a head line.
 *
 * @param rows the rows; the first names the columns, and the others have the same
 */
export function csvOf(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const lines = rows.map((row) => columns.map((column) => cell(row[column] ?? "")).join(","));
  return `${[columns.map(cell).join(","), ...lines].join("\n")}\n`;
}

function cell(value: string | number): string {
  const text = Number.isNaN(value) ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
