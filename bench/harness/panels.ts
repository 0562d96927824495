/**
 * Where the panels of a picture are: side by side, row under row, each below its title.
 *
 * @module
 */

import { INK } from "./chart.ts";

const COLUMNS = 2;

/** Pixels of a picture and its panels. */
export interface PanelSizes {
  /** Of the picture. */
  readonly width: number;
  /** Above the first row, for the picture's own title. */
  readonly top: number;
  readonly panel: { readonly width: number; readonly height: number };
  /** From the edge of a column to its panel. */
  readonly left: number;
  /** Between two rows. */
  readonly gap: number;
  /** How far a title is left of its panel, and above. */
  readonly title: { readonly left: number; readonly above: number };
}

/** The grid of one kind of picture. */
export class PanelGrid {
  readonly #sizes: PanelSizes;

  /** @param sizes how large everything is */
  constructor(sizes: PanelSizes) {
    this.#sizes = sizes;
  }

  /** Height of a picture with so many panels, in pixels. */
  heightOf(panels: number): number {
    const { top, panel, gap } = this.#sizes;
    return top + Math.ceil(panels / COLUMNS) * (panel.height + gap);
  }

  /** A panel as echarts takes it. */
  grid(at: number): Record<string, number> {
    return { ...this.#place(at), ...this.#sizes.panel };
  }

  /** Its title, as echarts takes it. */
  title(text: string, at: number): Record<string, unknown> {
    const { left, top } = this.#place(at);
    const { title } = this.#sizes;
    const textStyle = { fontSize: 13, fontWeight: "bold", color: INK.title };
    return { text, left: left - title.left, top: top - title.above, textStyle };
  }

  #place(at: number): { left: number; top: number } {
    const { width, top, panel, left, gap } = this.#sizes;
    return {
      left: left + at % COLUMNS * (width / COLUMNS),
      top: top + gap / 2 + Math.floor(at / COLUMNS) * (panel.height + gap),
    };
  }
}
