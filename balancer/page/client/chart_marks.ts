/**
 * Draws the marks of the history over a chart.
 *
 * @module
 */
import type uPlot from "uplot";
import type { HistoryMark } from "../../answers/history.ts";

/** Colours of the kinds, as names of the style sheet. */
export const MARK_COLOURS: Readonly<Record<HistoryMark["kind"], string>> = {
  incident: "--red",
  deploy: "--violet",
  change: "--blue",
  engine: "--amber",
};

/**
 * Draws each mark as a line at its beginning, and its duration as a band.
 *
 * @param chart the chart
 * @param marks the marks
 * @param read reads a colour by its name
 */
export function markLines(
  { ctx, bbox, scales, valToPos }: uPlot,
  marks: readonly HistoryMark[],
  read: (name: string) => string,
): void {
  const { min = 0, max = 0 } = scales["x"] ?? {};
  if (min === null || max === null) return;
  ctx.save();
  for (const { kind, at, until } of marks) {
    const end = Math.min(max, (until ?? Infinity) / 1000);
    if (end < min || at / 1000 > max) continue;
    const left = valToPos(Math.max(min, at / 1000), "x", true);
    const width = Math.max(1, valToPos(end, "x", true) - left);
    ctx.fillStyle = read(MARK_COLOURS[kind]);
    ctx.globalAlpha = 0.14;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.globalAlpha = 0.9;
    ctx.fillRect(left, bbox.top, devicePixelRatio, bbox.height);
  }
  ctx.restore();
}
