/**
 * What the charts of the experiments look like.
 *
 * @module
 */
import { INK } from "../harness/chart.ts";

/** Of Server1, Server2 and Server3. */
export const REPLICA_COLOURS = ["#2563eb", "#c2410c", "#0f766e"];

/** A title with a line below it. */
export function titleOf(text: string, subtext: string): Record<string, unknown> {
  return {
    text,
    subtext,
    left: 20,
    top: 8,
    textStyle: { fontSize: 17, color: INK.title },
    subtextStyle: { fontSize: 12, color: INK.text },
  };
}

/** The title of a panel. */
export function panelTitle(text: string, left: number, top: number): Record<string, unknown> {
  const textStyle = { fontSize: 13, fontWeight: "bold", color: INK.title };
  return { text, left, top, padding: 0, textStyle };
}

/** A legend at the top right. */
export function legend(
  names: readonly string[],
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    data: [...names],
    right: 24,
    top: 14,
    itemGap: 20,
    itemWidth: 14,
    itemHeight: 10,
    textStyle: { color: INK.text, fontSize: 12 },
    ...more,
  };
}

/** What both axes have. */
export function axisStyle(): Record<string, unknown> {
  return {
    axisLabel: { color: INK.text, fontSize: 12 },
    axisLine: { show: true, lineStyle: { color: INK.faint } },
    axisTick: { show: false },
    splitLine: { show: true, lineStyle: { color: "#e2e8f0" } },
    nameTextStyle: { color: INK.text, fontSize: 12 },
  };
}

/** An axis with its name in the middle of it. */
export function namedAxis(name: string, nameGap: number): Record<string, unknown> {
  return { name, nameLocation: "middle", nameGap, ...axisStyle() };
}

/** A dashed line across at a height. */
export function markLine(yAxis: number): Record<string, unknown> {
  return {
    silent: true,
    symbol: "none",
    lineStyle: { color: "#475569", type: "dashed", width: 1 },
    label: { show: false },
    data: [{ yAxis }],
  };
}
