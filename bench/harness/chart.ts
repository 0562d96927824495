/**
 * Charts: drawn by echarts as SVG, without a browser.
 *
 * @module
 */

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

/** A chart that is to be drawn. */
export interface Chart {
  /** What echarts takes: https://echarts.apache.org/en/option.html */
  readonly option: Readonly<Record<string, unknown>>;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** Fonts of every chart: what the reader's machine has, and what {@linkcode svgToPng} brings. */
export const FONT = "Helvetica, Arial, sans-serif";

/** Colours of text: of titles, of everything else, and of lines that only help to read. */
export const INK = { title: "#0f172a", text: "#334155", faint: "#cbd5e1" };

/** Draws a chart as SVG, on white. */
export async function drawChart({ option, width, height }: Chart): Promise<string> {
  const echarts: Echarts = await import(ECHARTS);
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  const common = { animation: false, backgroundColor: "#ffffff", textStyle: { fontFamily: FONT } };
  chart.setOption({ ...common, ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
