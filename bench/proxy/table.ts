/**
 * Results as text.
 *
 * @module
 */
import type { Metric } from "../harness/metric.ts";
import { alignedLines } from "../harness/text_table.ts";
import { bestPeer, type Row, type Table } from "./result.ts";

/** What the rows are called where the name alone does not say it. */
const LABELS: Readonly<Record<string, string>> = { relay: "bare relay (Deno)" };

/** The name of a row for readers. */
export function rowLabel(name: string): string {
  return LABELS[name] ?? name;
}

/**
 * A table as lines of text; behind each value its ratio to the best peer's.
 *
 * @param table the table
 */
export function tableLines({ scenario, title, metrics, rows }: Table): string[] {
  const best = metrics.map((metric) => bestPeer(rows, metric));
  const head = ["", ...metrics.map(({ label }) => label)];
  const body = rows.map((row) => [
    rowLabel(row.name),
    ...row.samples.length === 0 ? [] : metrics.map((metric, at) => cell(row, metric, best[at])),
  ]);
  const [top = "", ...lines] = alignedLines([head, ...body]);
  const faults = rows.map(({ fault }) => fault === undefined ? "" : `  ${fault}`);
  return [`${scenario}: ${title}`, top, ...lines.map((line, at) => line + faults[at])];
}

function cell({ median }: Row, { key, digits }: Metric, best: number | undefined): string {
  const value = median[key] ?? NaN;
  if (isNaN(value)) return "-";
  const text = value.toFixed(digits);
  return best ? `${text} (${(value / best).toFixed(2)}x)` : text;
}
