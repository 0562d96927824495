/**
 * Results as a picture: for each scenario the bars of its main metric.
 *
 * @module
 */
import { bestPeer, type Result, type Row, type Table } from "./result.ts";
import { rowLabel } from "./table.ts";

/** Not a literal in an import(), so that the product's lock file has no part of it. */
const ECHARTS = "npm:echarts@6.1.0";

/** The part of echarts that is used here. */
interface Echarts {
  init(element: null, theme: null, options: Record<string, unknown>): {
    setOption(option: Record<string, unknown>): void;
    renderToSVGString(): string;
    dispose(): void;
  };
}

/** Main metric of each scenario, and what to call the panel. */
const PANELS: Readonly<Record<string, readonly [key: string, title: string]>> = {
  "small": ["cpuUs", "small: CPU µs per request (less is better)"],
  "heads": ["cpuUs", "heads: CPU µs per request (less is better)"],
  "large 64 KiB": ["mbPerCpu", "large 64 KiB: MB per CPU second (more is better)"],
  "large 1 MiB": ["mbPerCpu", "large 1 MiB: MB per CPU second (more is better)"],
  "latency": ["p99Ms", "latency: p99 in ms at 70 % load (less is better)"],
  "idle": ["idleKb", "idle: KB per connection (less is better)"],
};

const COLOURS = { own: "#c2410c", peer: "#64748b", floor: "#cbd5e1" };
const FONT = "Helvetica, Arial, sans-serif";
const COLUMNS = 2;
const WIDTH = 900;
const TOP = 70;
const PANEL = { width: 270, height: 170, left: 130, gap: 60 };

/** Draws the results as SVG. */
export async function drawChart(result: Result): Promise<string> {
  const echarts: Echarts = await import(ECHARTS);
  const tables = result.tables.filter(({ scenario }) => scenario in PANELS);
  const height = TOP + Math.ceil(tables.length / COLUMNS) * (PANEL.height + PANEL.gap);
  const options = { renderer: "svg", ssr: true, width: WIDTH, height };
  const chart = echarts.init(null, null, options);
  chart.setOption(chartOption(result, tables));
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

function chartOption(result: Result, tables: readonly Table[]): Record<string, unknown> {
  const { date, machine, rounds, seconds } = result;
  const subtext = `${date.slice(0, 10)}, ${machine["cpu"]}, one core for the proxy; ` +
    `median of ${rounds} × ${seconds} s`;
  const heading = { text: "ringkeeper and its peers", subtext, left: 20, top: 8 };
  const rows = tables.map(shown);
  return {
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: FONT },
    title: [heading, ...tables.map(panelTitle)],
    grid: tables.map((_, at) => ({ ...place(at), width: PANEL.width, height: PANEL.height })),
    xAxis: tables.map((_, at) => ({ type: "value", gridIndex: at, show: false })),
    yAxis: tables.map((_, at) => ({
      type: "category",
      gridIndex: at,
      inverse: true,
      data: (rows[at] ?? []).map(({ name }) => rowLabel(name)),
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: { color: "#334155", interval: 0 },
    })),
    series: tables.map((table, at) => bars(table, rows[at] ?? [], at)),
  };
}

function place(at: number): { left: number; top: number } {
  const column = at % COLUMNS;
  const row = Math.floor(at / COLUMNS);
  return {
    left: PANEL.left + column * (WIDTH / COLUMNS),
    top: TOP + PANEL.gap / 2 + row * (PANEL.height + PANEL.gap),
  };
}

function panelTitle({ scenario }: Table, at: number): Record<string, unknown> {
  const { left, top } = place(at);
  const textStyle = { fontSize: 13, fontWeight: "bold", color: "#0f172a" };
  return { text: PANELS[scenario]?.[1], left: left - 110, top: top - 26, textStyle };
}

function bars({ scenario, metrics, rows: all }: Table, rows: readonly Row[], at: number) {
  const key = PANELS[scenario]?.[0] ?? "";
  const metric = metrics.find((one) => one.key === key);
  const best = metric && bestPeer(all, metric);
  return {
    type: "bar",
    xAxisIndex: at,
    yAxisIndex: at,
    barWidth: "64%",
    data: rows.map(({ kind, median }) => ({
      value: median[key],
      itemStyle: { color: COLOURS[kind] },
      label: {
        show: true,
        position: "right",
        color: "#334155",
        fontWeight: median[key] === best ? "bold" : "normal",
        formatter: (median[key] ?? 0).toFixed(metric?.digits ?? 1),
      },
    })),
  };
}

/** Rows with something to show. */
function shown({ scenario, rows }: Table): readonly Row[] {
  const key = PANELS[scenario]?.[0] ?? "";
  return rows.filter(({ median }) => Number.isFinite(median[key]));
}
