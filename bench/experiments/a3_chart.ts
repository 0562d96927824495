/**
 * A-3 as charts.
 *
 * @module
 */
import { INK } from "../harness/chart.ts";
import type { FailureData, Kill } from "./a3.ts";
import type { Times } from "./a3_strikes.ts";
import {
  axisStyle,
  legend,
  namedAxis,
  panelTitle,
  REPLICA_COLOURS,
  titleOf,
} from "./chart_style.ts";
import type { NamedChart } from "./part.ts";

/** The timeline of one kill, and the times of all. */
export function failureCharts(data: FailureData): NamedChart[] {
  return [timelineChart(data), killsChart(data.kills)];
}

const WIDTH = 900;
const LONG = { left: 64, top: 112, width: 796, height: 190 };
const SHORT = { left: 64, top: 448, width: 796, height: 210 };

function timelineChart({ replicas, kills, shown, requestsASecond }: FailureData): NamedChart {
  const kill = kills[shown.kill];
  const { from, width, counts } = shown.bins;
  const bins = counts[replicas[0] ?? ""]?.length ?? 0;
  const sent = shown.dots.map(([at]) => at);
  const step = roundStep(Math.max(...sent) - Math.min(...sent));
  const subtitle =
    `${requestsASecond} requests each second; ${kill?.name} killed at 0, its replacement ` +
    `released to traffic after ${kill?.times.released} ms`;
  const option = {
    title: [
      titleOf("A-3: one replica of three is killed under load", subtitle),
      panelTitle(`answers each ${width} ms, by replica`, LONG.left, LONG.top - 26),
      panelTitle(
        "every request near the kill: when sent, how long it took, ms",
        LONG.left,
        SHORT.top - 96,
      ),
    ],
    legend: legend(replicas),
    grid: [LONG, SHORT],
    xAxis: [
      {
        type: "value",
        min: from,
        max: from + bins * width,
        interval: 1000,
        ...namedAxis("milliseconds after the kill", 28),
        splitLine: { show: false },
      },
      {
        type: "value",
        gridIndex: 1,
        min: Math.floor(Math.min(...sent) / step) * step,
        max: Math.ceil(Math.max(...sent) / step) * step,
        interval: step,
        ...namedAxis("sent, milliseconds after the kill", 28),
        splitLine: { show: false },
      },
    ],
    yAxis: [
      { type: "value", ...axisStyle() },
      { type: "value", gridIndex: 1, ...axisStyle() },
    ],
    series: [...barsOf(shown.bins, replicas, kill), ...dotSeries(shown.dots, replicas, kill)],
  };
  const alt = "Answers of each replica over time around a kill, and what each request took";
  return { name: "a-3-timeline", alt, option, width: WIDTH, height: SHORT.top + SHORT.height + 60 };
}

/** Milliseconds from one label to the next: a round number, and about ten of them. */
function roundStep(span: number): number {
  return [20, 50, 100, 200, 500, 1000].find((step) => span / step <= 12) ?? span / 10;
}

function barsOf(
  { from, width, counts }: FailureData["shown"]["bins"],
  replicas: readonly string[],
  kill: Kill | undefined,
): Record<string, unknown>[] {
  return replicas.map((name, at) => ({
    name,
    type: "bar",
    stack: "answers",
    barWidth: 13,
    color: REPLICA_COLOURS[at],
    data: (counts[name] ?? []).map((count, bin) => [from + (bin + 0.5) * width, count]),
    ...at === 0 && { markLine: marks([[0, `${kill?.name} killed`]], 1) },
  }));
}

function dotSeries(
  dots: FailureData["shown"]["dots"],
  replicas: readonly string[],
  kill: Kill | undefined,
): Record<string, unknown>[] {
  const { ejected = NaN, started = NaN, ready = NaN, released = NaN } = kill?.times ?? {};
  const steps: [number, string][] = [
    [0, "killed"],
    [ejected, `out of the view, ${ejected} ms`],
    [started, `replacement started, ${started} ms`],
    [ready, `first heartbeat, ${ready} ms`],
    [released, `takes requests, ${released} ms`],
  ];
  return replicas.map((name, at) => ({
    name,
    type: "scatter",
    xAxisIndex: 1,
    yAxisIndex: 1,
    symbolSize: 5,
    itemStyle: { color: REPLICA_COLOURS[at], opacity: 0.7 },
    data: dots.filter(([, , server]) => server === name).map(([sent, took]) => [sent, took]),
    ...at === 0 && { markLine: marks(steps, steps.length) },
  }));
}

/** Vertical lines, the labels of the first ones higher: they may be close together. */
function marks(steps: readonly [number, string][], floors: number): Record<string, unknown> {
  return {
    silent: true,
    symbol: "none",
    data: steps.map(([xAxis, formatter], at) => ({
      xAxis,
      lineStyle: { color: at === 0 ? "#b91c1c" : "#475569", type: "dashed", width: 1 },
      label: {
        formatter,
        position: "end",
        align: "left",
        distance: [-4, 3 + 14 * (floors - 1 - at)],
        color: at === 0 ? "#b91c1c" : INK.text,
        fontSize: 11,
      },
    })),
  };
}

/** Steps of a heal: from which time to which, and the colour. */
const STEPS: readonly (readonly [string, keyof Times | undefined, keyof Times, string])[] = [
  ["noticed", undefined, "detected", "#b91c1c"],
  ["out of the view", "detected", "ejected", "#f59e0b"],
  ["replacement started", "ejected", "started", "#64748b"],
  ["first heartbeat", "started", "ready", "#2563eb"],
  ["every worker routes to it", "ready", "released", "#0f766e"],
];

function killsChart(kills: readonly Kill[]): NamedChart {
  const top = 106;
  const height = kills.length * 26;
  const option = {
    title: titleOf("A-3: what each heal took", "steps of the way from the kill to a full ring"),
    legend: legend(STEPS.map(([name]) => name), { left: 16, right: undefined, top: 62 }),
    grid: { left: 110, right: 60, top, height },
    xAxis: { type: "value", ...namedAxis("milliseconds after the kill", 30) },
    yAxis: {
      type: "category",
      inverse: true,
      data: kills.map(({ name }, at) => `${at + 1}: ${name}`),
      ...axisStyle(),
      splitLine: { show: false },
    },
    series: STEPS.map(([name, from, to, color]) => ({
      name,
      type: "bar",
      stack: "heal",
      barWidth: 15,
      color,
      data: kills.map(({ times }) => Math.max(0, times[to] - (from ? times[from] : 0))),
      ...to === "released" && { label: totalLabel(kills) },
    })),
  };
  const alt = "The steps of each heal, from the kill to the full ring, in milliseconds";
  return { name: "a-3-kills", alt, option, width: WIDTH, height: top + height + 62 };
}

function totalLabel(kills: readonly Kill[]): Record<string, unknown> {
  return {
    show: true,
    position: "right",
    color: INK.text,
    formatter: ({ dataIndex }: { dataIndex: number }) => `${kills[dataIndex]?.times.released}`,
  };
}
