/**
 * Pictures of panels, each with a bar for every contestant.
 *
 * @module
 */

import { drawChart, INK } from "./chart.ts";
import { PanelGrid } from "./panels.ts";

/** One bar. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Colour as in CSS. */
  readonly colour: string;
  /** Whether its number is to stand out. */
  readonly bold?: boolean;
}

/** A panel of bars. */
export interface Panel {
  readonly title: string;
  /** Digits behind the point of its numbers. */
  readonly digits: number;
  readonly bars: readonly Bar[];
}

/** A picture. */
export interface Picture {
  readonly title: string;
  readonly subtitle: string;
  readonly panels: readonly Panel[];
}

/** Colours of the balancer, of its peers, and of what is there for comparison only. */
export const COLOURS = { own: "#c2410c", peer: "#64748b", floor: "#cbd5e1" };

const WIDTH = 900;
const GRID = new PanelGrid({
  width: WIDTH,
  top: 70,
  panel: { width: 270, height: 170 },
  left: 130,
  gap: 60,
  title: { left: 110, above: 26 },
});

/** Draws a picture as SVG. */
export function drawBars(picture: Picture): Promise<string> {
  const height = GRID.heightOf(picture.panels.length);
  return drawChart({ option: chartOption(picture), width: WIDTH, height });
}

function chartOption({ title, subtitle, panels }: Picture): Record<string, unknown> {
  const heading = { text: title, subtext: subtitle, left: 20, top: 8 };
  return {
    title: [heading, ...panels.map(({ title }, at) => GRID.title(title, at))],
    grid: panels.map((_, at) => GRID.grid(at)),
    xAxis: panels.map((_, at) => ({ type: "value", gridIndex: at, show: false })),
    yAxis: panels.map(({ bars }, at) => ({
      type: "category",
      gridIndex: at,
      inverse: true,
      data: bars.map(({ label }) => label),
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: { color: INK.text, interval: 0 },
    })),
    series: panels.map(series),
  };
}

function series({ bars, digits }: Panel, at: number): Record<string, unknown> {
  return {
    type: "bar",
    xAxisIndex: at,
    yAxisIndex: at,
    barWidth: "64%",
    data: bars.map(({ value, colour, bold }) => ({
      value,
      itemStyle: { color: colour },
      label: {
        show: true,
        position: "right",
        color: INK.text,
        fontWeight: bold ? "bold" : "normal",
        formatter: value.toFixed(digits),
      },
    })),
  };
}
