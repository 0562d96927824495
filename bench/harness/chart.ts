/**
 * Charts: echarts draws them as SVG, without a browser.
 *
 * @module
 */

/** A name, not a literal in an import(), so that the product's lock file does not list echarts. */
const ECHARTS = "npm:echarts@6.1.0";

/** The part of echarts that is used here. */
interface Echarts {
  init(element: null, theme: null, options: Record<string, unknown>): {
    setOption(option: Record<string, unknown>): void;
    renderToSVGString(): string;
    dispose(): void;
  };
}

/** Options of an axis, a series or a label as echarts takes them: https://echarts.apache.org/en/option.html */
export type Style = Readonly<Record<string, unknown>>;

/** One diagram of a chart. */
export interface Panel {
  /** Shown above the panel. */
  readonly title?: string;
  readonly x: Style;
  readonly y: Style;
  readonly series: readonly Style[];
}

/** A chart: panels of one size in rows, with a title and a legend above. */
export interface Chart {
  readonly title: string;
  readonly subtitle: string;
  readonly panels: readonly Panel[];
  /** Panels in a row; 1 unless given. */
  readonly columns?: number;
  /** Pixels of one panel. */
  readonly size: { readonly width: number; readonly height: number };
  /** Pixels left of a panel, for the labels of its y axis; 64 unless given. */
  readonly left?: number;
  /** Pixels above a panel, for its title and the labels of lines; 40 unless given. */
  readonly above?: number;
  /** Names of the series that the legend explains. */
  readonly legend?: readonly string[];
}

/** Colours of text: titles, everything else, lines that only help to read. */
export const INK = { title: "#0f172a", text: "#334155", faint: "#cbd5e1" };
/** Colours of the balancer, of its peers, and of the references. */
export const KIND_COLOURS = { own: "#c2410c", peer: "#64748b", floor: "#cbd5e1" };

const FONT = "Helvetica, Arial, sans-serif";
const HEAD = 62;
const LEGEND = 26;
const BELOW = 50;
const RIGHT = 46;

/** Draws a chart as SVG, on white. */
export async function drawChart(chart: Chart): Promise<string> {
  const echarts: Echarts = await import(ECHARTS);
  const { width, height, option } = layout(chart);
  const drawing = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  const common = { animation: false, backgroundColor: "#ffffff", textStyle: { fontFamily: FONT } };
  drawing.setOption({ ...common, ...option });
  const svg = drawing.renderToSVGString();
  drawing.dispose();
  return `${svg}\n`;
}

function layout(chart: Chart) {
  const { title, subtitle, panels, columns = 1, size, left = 64, above = 40, legend } = chart;
  const top = HEAD + (legend ? LEGEND : 0);
  const [stepX, stepY] = [left + size.width + RIGHT, above + size.height + BELOW];
  const place = (at: number) => ({
    left: left + at % columns * stepX,
    top: top + above + Math.floor(at / columns) * stepY,
  });
  const option = {
    title: [
      heading(title, subtitle),
      ...panels.map((panel, at) => caption(panel.title, place(at), above)),
    ],
    ...legend && { legend: legendOf(legend) },
    grid: panels.map((_, at) => ({ ...place(at), ...size })),
    xAxis: panels.map(({ x }, gridIndex) => ({ gridIndex, ...AXIS, ...x })),
    yAxis: panels.map(({ y }, gridIndex) => ({ gridIndex, ...AXIS, ...y })),
    series: panels.flatMap(({ series }, at) =>
      series.map((one) => ({ xAxisIndex: at, yAxisIndex: at, ...one }))
    ),
  };
  const rows = Math.ceil(panels.length / columns);
  return { option, width: columns * stepX, height: top + rows * stepY };
}

function heading(text: string, subtext: string): Style {
  const textStyle = { fontSize: 17, color: INK.title };
  return { text, subtext, left: 20, top: 8, textStyle, subtextStyle: { color: INK.text } };
}

function caption(text = "", at: { left: number; top: number }, above: number): Style {
  const textStyle = { fontSize: 13, fontWeight: "bold", color: INK.title };
  return { text, left: at.left, top: at.top - above + 14, padding: 0, textStyle };
}

function legendOf(names: readonly string[]): Style {
  const textStyle = { color: INK.text, fontSize: 12 };
  return { data: [...names], left: 16, top: HEAD, itemGap: 20, itemWidth: 20, textStyle };
}

const AXIS: Style = {
  axisLabel: { color: INK.text, fontSize: 12 },
  axisLine: { show: true, lineStyle: { color: INK.faint } },
  axisTick: { show: false },
  splitLine: { show: true, lineStyle: { color: "#e2e8f0" } },
  nameTextStyle: { color: INK.text, fontSize: 12 },
  nameLocation: "middle",
  nameGap: 28,
};

/** An axis of numbers. */
export function values(style: Style = {}): Style {
  return { type: "value", ...style };
}

/** An axis of names, without lines across the panel. */
export function categories(data: readonly string[], style: Style = {}): Style {
  return { type: "category", data: [...data], splitLine: { show: false }, ...style };
}

/** One bar of {@linkcode barPanel}. */
interface Bar {
  readonly label: string;
  readonly value: number;
  /** Colour as in CSS. */
  readonly colour: string;
  /** Whether its number is printed bold. */
  readonly bold: boolean;
}

/**
 * A panel with one horizontal bar for each contestant, its number at the end.
 *
 * @param title above the panel
 * @param bars from top to bottom
 * @param digits of the numbers, behind the point
 */
export function barPanel(title: string, bars: readonly Bar[], digits: number): Panel {
  const label = (value: number, bold: boolean) => ({
    ...{ show: true, position: "right", color: INK.text, formatter: value.toFixed(digits) },
    fontWeight: bold ? "bold" : "normal",
  });
  const data = bars.map(({ value, colour, bold }) => ({
    ...{ value, itemStyle: { color: colour }, label: label(value, bold) },
  }));
  return {
    title,
    x: values({ show: false }),
    y: categories(bars.map((bar) => bar.label), { inverse: true, axisLine: { show: false } }),
    series: [{ type: "bar", barWidth: "64%", data }],
  };
}

/** A line without points. */
export function line(name: string, color: string, data: readonly unknown[], more?: Style): Style {
  const lineStyle = { width: 1.8, color };
  return { name, type: "line", symbol: "none", color, lineStyle, data, ...more };
}

/** Points. */
export function dots(name: string, color: string, data: readonly unknown[], more?: Style): Style {
  return {
    name,
    type: "scatter",
    symbolSize: 7,
    itemStyle: { color, opacity: 0.75 },
    data,
    ...more,
  };
}

/**
 * Dashed lines across a panel, for the `markLine` of a series. Labels of the first lines are higher,
 * as the lines may be close together.
 *
 * @param marks where each line is, `xAxis` or `yAxis`, and its label
 */
export function markLines(marks: readonly (Style & { readonly text?: string })[]): Style {
  const data = marks.map(({ text = "", ...where }, at) => ({
    ...where,
    lineStyle: { color: "#475569", type: "dashed", width: 1 },
    label: {
      ...{ formatter: text, position: "end", align: "left", color: INK.text, fontSize: 11 },
      distance: [-4, 3 + 14 * (marks.length - 1 - at)],
    },
  }));
  return { silent: true, symbol: "none", data };
}
