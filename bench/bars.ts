/**
 * Pictures of panels, each with a bar for every contestant.
 *
 * @module
 */

import { drawChart, INK } from "./chart.ts";

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

const COLUMNS = 2;
const WIDTH = 900;
const TOP = 70;
const PANEL = { width: 270, height: 170, left: 130, gap: 60 };

/** Draws a picture as SVG. */
export function drawBars(picture: Picture): Promise<string> {
  const rows = Math.ceil(picture.panels.length / COLUMNS);
  const height = TOP + rows * (PANEL.height + PANEL.gap);
  return drawChart({ option: chartOption(picture), width: WIDTH, height });
}

function chartOption({ title, subtitle, panels }: Picture): Record<string, unknown> {
  const heading = { text: title, subtext: subtitle, left: 20, top: 8 };
  return {
    title: [heading, ...panels.map(panelTitle)],
    grid: panels.map((_, at) => ({ ...place(at), width: PANEL.width, height: PANEL.height })),
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

function place(at: number): { left: number; top: number } {
  const column = at % COLUMNS;
  const row = Math.floor(at / COLUMNS);
  return {
    left: PANEL.left + column * (WIDTH / COLUMNS),
    top: TOP + PANEL.gap / 2 + row * (PANEL.height + PANEL.gap),
  };
}

function panelTitle({ title }: Panel, at: number): Record<string, unknown> {
  const { left, top } = place(at);
  const textStyle = { fontSize: 13, fontWeight: "bold", color: INK.title };
  return { text: title, left: left - 110, top: top - 26, textStyle };
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
