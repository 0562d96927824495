/**
 * Results as a picture.
 *
 * @module
 */
import { COLOURS, drawBars, type Panel } from "../harness/bars.ts";
import type { Result } from "./result.ts";

/** What is shown of the kills: key, title, digits. */
const PANELS: readonly (readonly [key: string, title: string, digits: number])[] = [
  ["fullP50", "full ring: median, ms after the kill", 0],
  ["fullMax", "full ring: slowest, ms after the kill", 0],
  ["healGetP99", "GET during heals: p99, ms", 1],
  ["healGetMax", "GET during heals: slowest, ms", 0],
  ["lost", "requests lost", 0],
  ["elsewhere", "GETs answered by another replica", 0],
];

/** Draws the results of the kills as SVG. */
export function drawChart({ date, machine, options, tables }: Result): Promise<string> {
  const columns = tables.find(({ name }) => name === "kills")?.columns ?? [];
  const panels = PANELS.map(([key, title, digits]): Panel => {
    const shown = columns.filter(({ values }) => Number.isFinite(values[key]));
    const least = Math.min(...shown.map(({ values }) => values[key] ?? Infinity));
    const bars = shown.map(({ name, kind, values }) => {
      const value = values[key] ?? 0;
      return { label: name, value, colour: COLOURS[kind], bold: value === least };
    });
    return { title: `${title} (less is better)`, digits, bars };
  });
  return drawBars({
    title: "what a failure costs",
    subtitle: `${date.slice(0, 10)}, ${machine["cpu"]}; ${options["kills"]} kills under load each`,
    panels,
  });
}
