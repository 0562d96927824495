/**
 * Results as text.
 *
 * @module
 */
import { alignedLines } from "../harness/text_table.ts";
import type { Line } from "./metrics.ts";
import type { Column, Table } from "./result.ts";

/**
 * A table as lines of text: a column for each contestant. Who is missing has no column but a line
 * that says why; what was lost follows.
 *
 * @param table the table
 */
export function tableLines({ title, lines, columns }: Table): string[] {
  const shown = columns.filter(({ fault }) => fault === undefined);
  const head = ["", ...shown.map(({ name }) => name)];
  const body = lines.map((line) => [line.label, ...shown.map((column) => cell(line, column))]);
  const faults = columns.flatMap(({ name, fault }) =>
    fault === undefined ? [] : `${name}: ${fault}`
  );
  const losses = columns.flatMap(({ name, losses }) =>
    losses.map((loss) => `${name}: lost: ${loss}`)
  );
  const numbers = shown.length === 0 ? [] : alignedLines([head, ...body]);
  return [title, ...numbers, ...faults, ...losses];
}

function cell({ keys, digits }: Line, { values }: Column): string {
  const texts = keys.map((key) => {
    const value = values[key] ?? NaN;
    return Number.isNaN(value) ? "-" : value.toFixed(digits);
  });
  return texts.every((text) => text === "-") ? "-" : texts.join(" / ");
}
