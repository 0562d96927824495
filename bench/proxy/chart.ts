/**
 * Results as a picture: for each scenario the bars of its main metric.
 *
 * @module
 */
import { COLOURS, drawBars, type Panel } from "../harness/bars.ts";
import { bestPeer, type Result, type Table } from "./result.ts";
import { rowLabel } from "./table.ts";

/** Main metric of each scenario, and what to call the panel. */
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
  "idle": ["idleKb", "idle: KB per connection (less is better)"],
};

/** Draws the results as SVG. */
export function drawChart({ date, machine, rounds, seconds, tables }: Result): Promise<string> {
  return drawBars({
    title: "ringkeeper and its peers",
    subtitle: `${date.slice(0, 10)}, ${machine["cpu"]}, one core for the proxy; ` +
      `median of ${rounds} × ${seconds} s`,
    panels: tables.filter(({ scenario }) => scenario in PANELS).map(panel),
  });
}

function panel({ scenario, metrics, rows }: Table): Panel {
  const [key = "", title = ""] = PANELS[scenario] ?? [];
  const metric = metrics.find((one) => one.key === key);
  const best = metric && bestPeer(rows, metric);
  const shown = rows.filter(({ median }) => Number.isFinite(median[key]));
  const bars = shown.map(({ name, kind, median }) => {
    const value = median[key] ?? 0;
    return { label: rowLabel(name), value, colour: COLOURS[kind], bold: value === best };
  });
  return { title, digits: metric?.digits ?? 1, bars };
}
