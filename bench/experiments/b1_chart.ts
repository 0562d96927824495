/**
 * B-1 as a chart.
 *
 * @module
 */
import type { BoundedData, BoundedRun } from "./b1.ts";
import { axisStyle, legend, markLine, namedAxis, panelTitle, titleOf } from "./chart_style.ts";
import { whole } from "./markdown.ts";
import type { NamedChart } from "./part.ts";

const COLOURS = ["#64748b", "#c2410c"];
const LEFT = { left: 64, top: 118, width: 350, height: 240 };
const RIGHT = { left: 500, top: 118, width: 350, height: 240 };

/** What each replica served, and the busiest one over time. */
export function boundedChart({ runs, exponent, keys, lookMs, seconds }: BoundedData): NamedChart {
  const names = runs.map(nameOf);
  const top = Math.ceil(4 * Math.max(...runs.map(({ ratio }) => ratio.max))) / 4;
  const subtitle = `keys by Zipf(${exponent.toFixed(1)}), ${whole(keys)} of them, ten replicas`;
  const option = {
    title: [
      titleOf("B-1: popular keys, without and with a bound on the load", subtitle),
      panelTitle("requests that each replica served", LEFT.left, LEFT.top - 26),
      panelTitle("in flight: the busiest replica over the mean", RIGHT.left, RIGHT.top - 26),
    ],
    legend: legend(names),
    grid: [LEFT, RIGHT],
    xAxis: [
      {
        type: "category",
        data: (runs[0]?.served ?? []).map((_, at) => String(at + 1)),
        ...namedAxis("Server", 28),
        splitLine: { show: false },
      },
      {
        type: "value",
        gridIndex: 1,
        max: seconds,
        ...namedAxis("seconds", 28),
        splitLine: { show: false },
      },
    ],
    yAxis: [
      { type: "value", ...axisStyle() },
      { type: "value", gridIndex: 1, min: 1, max: top, interval: 0.25, ...axisStyle() },
    ],
    series: runs.flatMap((run, at) => seriesOf(run, at, lookMs)),
  };
  const alt =
    "Requests served by each of ten replicas, and the busiest one over the mean over time";
  return { name: "b-1", alt, option, width: 900, height: LEFT.top + LEFT.height + 60 };
}

/** What a run is called. */
export function nameOf({ bound }: BoundedRun): string {
  return bound === 0 ? "no bound" : `LB_LOAD_BOUND=${bound}`;
}

function seriesOf(run: BoundedRun, at: number, lookMs: number): Record<string, unknown>[] {
  const common = { name: nameOf(run), color: COLOURS[at] };
  const line = {
    ...common,
    type: "line",
    xAxisIndex: 1,
    yAxisIndex: 1,
    symbol: "none",
    lineStyle: { width: 1.2, color: COLOURS[at] },
    data: run.ratios.map((ratio, look) => [look * lookMs / 1000, ratio]),
  };
  const bound = run.bound === 0 ? {} : { markLine: markLine(run.bound) };
  return [
    {
      ...common,
      type: "bar",
      barGap: "8%",
      data: run.served,
    },
    { ...line, ...bound },
  ];
}
