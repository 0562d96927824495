/**
 * A-2 as a chart.
 *
 * @module
 */
import { INK } from "../harness/chart.ts";
import type { Load } from "./a2.ts";
import { REQUESTS } from "./census.ts";
import { axisStyle, panelTitle, titleOf } from "./chart_style.ts";
import { colourOf } from "./layouts.ts";
import type { NamedChart } from "./part.ts";
import { spreadOf } from "./statistics.ts";

const COLUMNS = 3;
const PANEL = { width: 225, height: 165, left: 62, top: 112, stepX: 290, stepY: 245 };

/** A panel for each layout, with a dot for each replica and a line for the mean. */
export function growthChart(data: readonly Load[]): NamedChart {
  const ways = [...new Set(data.map(({ way }) => way))];
  const counts = [...new Set(data.map(({ replicas }) => replicas))];
  const place = (at: number) => ({
    left: PANEL.left + (at % COLUMNS) * PANEL.stepX,
    top: PANEL.top + Math.floor(at / COLUMNS) * PANEL.stepY,
  });
  const subtitle = "a dot is a replica, the line is the mean, 10,000 / N; M = 512, K = 9";
  const option = {
    title: [
      titleOf("A-2: requests per replica over the number of replicas", subtitle),
      ...ways.map((way, at) => panelTitle(way, place(at).left, place(at).top - 24)),
    ],
    grid: ways.map((_, at) => ({ ...place(at), width: PANEL.width, height: PANEL.height })),
    xAxis: ways.map((_, gridIndex) => ({
      type: "category",
      gridIndex,
      data: counts.map((count) => `N = ${count}`),
      ...axisStyle(),
      splitLine: { show: false },
    })),
    yAxis: ways.map((_, gridIndex) => ({
      type: "value",
      gridIndex,
      min: 0,
      max: REQUESTS,
      interval: 2500,
      ...axisStyle(),
    })),
    series: ways.flatMap((way, at) => seriesOf(data.filter((one) => one.way === way), way, at)),
  };
  return {
    name: "a-2",
    alt: "Requests of each replica with two to six replicas, by layout and hash family",
    option,
    width: 900,
    height: PANEL.top + Math.ceil(ways.length / COLUMNS) * PANEL.stepY - 30,
  };
}

function seriesOf(loads: readonly Load[], way: string, at: number): Record<string, unknown>[] {
  const panel = { xAxisIndex: at, yAxisIndex: at };
  return [
    {
      type: "line",
      ...panel,
      symbol: "none",
      lineStyle: { color: INK.text, width: 1, type: "dashed" },
      data: loads.map(({ requests }) => spreadOf(requests).mean),
    },
    {
      type: "scatter",
      ...panel,
      symbolSize: 8,
      itemStyle: { color: colourOf(way), opacity: 0.75 },
      data: loads.flatMap(({ replicas, requests }) =>
        requests.map((count) => [`N = ${replicas}`, count])
      ),
    },
  ];
}
