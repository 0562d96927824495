/**
 * Pictures of panels, each with a line for every contestant; both axes logarithmic.
 *
 * @module
 */

import { drawChart } from "./chart.ts";
import { PanelGrid } from "./panels.ts";

/** One line. */
export interface Line {
  readonly name: string;
  /** x and y of each point, above 0. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** How a contestant looks in all panels. */
export interface Style {
  /** Colour as in CSS. */
  readonly colour: string;
  readonly symbol: "circle" | "rect" | "triangle" | "diamond";
  readonly dashed?: boolean;
}

/** A panel of lines. */
export interface LinePanel {
  readonly title: string;
  /** What x is. */
  readonly axis: string;
  /** Where x has a label. */
  readonly ticks: readonly number[];
  readonly lines: readonly Line[];
}

/** A picture. */
export interface LinePicture {
  readonly title: string;
  readonly subtitle: string;
  readonly panels: readonly LinePanel[];
  /** By the lines' names, in the legend's order. */
  readonly styles: Readonly<Record<string, Style>>;
}

const WIDTH = 1000;
const LEGEND = 84;
const LEGEND_ITEMS = { itemWidth: 34, itemGap: 32 };
const GRID = new PanelGrid({
  width: WIDTH,
  top: 70,
  panel: { width: 400, height: 260 },
  left: 70,
  gap: 90,
  title: { left: 40, above: 30 },
});

/** Draws a picture as SVG. */
export function drawLines(picture: LinePicture): Promise<string> {
  const height = GRID.heightOf(picture.panels.length) + LEGEND;
  return drawChart({ option: chartOption(picture), width: WIDTH, height });
}

function chartOption({ title, subtitle, panels, styles }: LinePicture): Record<string, unknown> {
  const heading = { text: title, subtext: subtitle, left: 20, top: 8 };
  return {
    title: [heading, ...panels.map(({ title }, at) => GRID.title(title, at))],
    legend: { data: Object.keys(styles), bottom: 8, left: 60, right: 60, ...LEGEND_ITEMS },
    grid: panels.map((_, at) => GRID.grid(at)),
    xAxis: panels.map(xAxis),
    yAxis: panels.map((_, at) => ({ type: "log", gridIndex: at, axisLabel: { formatter: short } })),
    series: panels.flatMap(({ lines }, at) => lines.map((line) => series(line, at, styles))),
  };
}

function xAxis({ axis, ticks }: LinePanel, at: number): Record<string, unknown> {
  return {
    type: "log",
    gridIndex: at,
    name: axis,
    nameLocation: "middle",
    nameGap: 28,
    min: ticks[0],
    max: ticks.at(-1),
    axisTick: { customValues: ticks },
    axisLabel: { customValues: ticks, formatter: String },
    splitLine: { show: false },
  };
}

/** A number of an axis, as 10 or 0.01 or 1e6. */
function short(value: number): string {
  return value >= 1e5 ? value.toExponential(0).replace("+", "") : String(value);
}

function series(
  { name, points }: Line,
  at: number,
  styles: LinePicture["styles"],
): Record<string, unknown> {
  const { colour, symbol, dashed = false } = styles[name] ??
    { colour: "#000000", symbol: "circle" };
  return {
    type: "line",
    name,
    xAxisIndex: at,
    yAxisIndex: at,
    data: points,
    symbol,
    symbolSize: 8,
    itemStyle: { color: colour },
    lineStyle: { width: 2, color: colour, type: dashed ? "dashed" : "solid" },
  };
}
