/**
 * Results: their shape, their tables, and their chart.
 *
 * @module
 */
import { barPanel, drawChart, KIND_COLOURS, type Panel } from "../harness/chart.ts";
import type { Machine } from "../harness/machine.ts";
import type { Metric } from "../harness/result.ts";
import { tableOf } from "../harness/table.ts";
import type { Sample } from "./metrics.ts";
import type { Kind } from "./proxy.ts";

/** One proxy in one scenario. */
export interface Row {
  readonly name: string;
  readonly kind: Kind;
  /** Each round's values. */
  readonly samples: readonly Sample[];
  readonly median: Sample;
  /** The missing part, or the error of a round, which then has no sample. */
  readonly fault?: string;
}

/** One scenario. */
export interface Table {
  readonly scenario: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly rows: readonly Row[];
}

/** One run of the bench. */
export interface Result {
  readonly date: string;
  readonly machine: Machine;
  /** Versions of the proxies and of the programs beside them. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly seconds: number;
  readonly tables: readonly Table[];
}

/** Names of rows where the proxy's own name says too little. */
const LABELS: Readonly<Record<string, string>> = { relay: "bare relay (Deno)" };

/**
 * The best value of the peers in a metric, if values are compared and a peer was there.
 *
 * @param rows the rows of a table
 * @param metric the metric
 */
export function bestPeer(rows: readonly Row[], { key, better }: Metric): number | undefined {
  const values = rows.filter(({ kind }) => kind === "peer")
    .flatMap(({ median }) => median[key] ?? []).filter((value) => !isNaN(value));
  if (!better || values.length === 0) return undefined;
  return better === "less" ? Math.min(...values) : Math.max(...values);
}

/**
 * A table as text; behind each value its ratio to the best peer's. Faults follow.
 *
 * @param table the table
 */
export function textOf({ scenario, title, metrics, rows }: Table): string {
  const best = metrics.map((metric) => bestPeer(rows, metric));
  const body = rows.filter(({ samples }) => samples.length > 0).map((row) => [
    labelOf(row),
    ...metrics.map((metric, at) => cell(row, metric, best[at])),
  ]);
  const faults = rows.flatMap((row) => row.fault === undefined ? [] : `${row.name}: ${row.fault}`);
  const table = tableOf(["", ...metrics.map(({ label }) => label)], body);
  return [`${scenario}: ${title}`, table, ...faults].join("\n");
}

function cell(row: Row, metric: Metric, best: number | undefined): string {
  const { key, digits, spread } = metric;
  const value = row.median[key] ?? NaN;
  if (isNaN(value)) return "-";
  const text = value.toFixed(digits);
  const compared = best ? `${text} (${(value / best).toFixed(2)}x)` : text;
  return spread ? `${compared} ${rangeOf(row, metric)}` : compared;
}

function rangeOf({ samples }: Row, { key, digits }: Metric): string {
  const values = samples.map((sample) => sample[key] ?? NaN);
  return `[${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}]`;
}

function labelOf({ name }: Row): string {
  return LABELS[name] ?? name;
}

/** Main metric of each scenario, and the title of its panel. */
const PANELS: Readonly<Record<string, readonly [key: string, title: string]>> = {
  "small": ["cpuUs", "small: CPU µs per request (less is better)"],
  "crowd": ["p99Ms", "crowd: p99 in ms with 512 connections (less is better)"],
  "heads": ["cpuUs", "heads: CPU µs per request (less is better)"],
  "large 64 KiB": ["mbPerCpu", "large 64 KiB: MB per CPU second (more is better)"],
  "large 1 MiB": ["mbPerCpu", "large 1 MiB: MB per CPU second (more is better)"],
  "latency": ["p99Ms", "latency: p99 in ms at 70 % load (less is better)"],
  "tail 64": ["p99Ms", "tail 64: p99 in ms, all at the same rate (less is better)"],
  "tail 256": ["p99Ms", "tail 256: p99 in ms, all at the same rate (less is better)"],
  "tail 512": ["p99Ms", "tail 512: p99 in ms, all at the same rate (less is better)"],
  "tls": ["cpuUs", "tls: CPU µs per request (less is better)"],
  "tls new": ["cpuUs", "tls new: CPU µs per connection with a request (less is better)"],
  "tls h2": ["cpuUs", "tls h2: CPU µs per request (less is better)"],
  "tls 1 MiB": ["mbPerCpu", "tls 1 MiB: MB per CPU second (more is better)"],
  "idle": ["idleKb", "idle: KB per connection (less is better)"],
};

/** Draws the results as SVG: for each scenario the bars of its main metric. */
export function drawResult({ date, machine, rounds, seconds, tables }: Result): Promise<string> {
  return drawChart({
    title: "ringkeeper and its peers",
    subtitle: `${date.slice(0, 10)}, ${machine["cpu"]}, one core for the proxy; ` +
      `median of ${rounds} × ${seconds} s`,
    panels: tables.filter(({ scenario }) => scenario in PANELS).map(panelOf),
    ...{ columns: 2, left: 130, size: { width: 270, height: 170 } },
  });
}

function panelOf({ scenario, metrics, rows }: Table): Panel {
  const [key = "", title = ""] = PANELS[scenario] ?? [];
  const metric = metrics.find((one) => one.key === key);
  const best = metric && bestPeer(rows, metric);
  const shown = rows.filter(({ median }) => Number.isFinite(median[key]));
  const bars = shown.map((row) => {
    const value = row.median[key] ?? 0;
    return { label: labelOf(row), value, colour: KIND_COLOURS[row.kind], bold: value === best };
  });
  return barPanel(title, bars, metric?.digits ?? 1);
}
