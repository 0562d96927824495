/**
 * A-4 as charts.
 *
 * @module
 */
import { INK } from "../harness/chart.ts";
import type { Computed } from "./a4_computed.ts";
import type { Change } from "./a4_real.ts";
import { REQUESTS } from "./census.ts";
import { axisStyle, legend, namedAxis, titleOf } from "./chart_style.ts";
import { colourOf } from "./layouts.ts";
import type { NamedChart } from "./part.ts";

const SIZE = { width: 900, height: 470 };
const GRID = { left: 70, right: 40, top: 110, bottom: 60 };
const LEGEND = { top: 62, left: 60 };

/** How even, and how much moves. */
export function movementCharts(
  computed: readonly Computed[],
  changes: readonly Change[],
): NamedChart[] {
  return [balanceChart(computed, changes), leaveChart(computed, changes)];
}

function balanceChart(computed: readonly Computed[], changes: readonly Change[]): NamedChart {
  const subtitle =
    "lines computed from the ring, dots from answers of real fleets; log scale; ids 0 to 9999";
  const option = {
    title: titleOf("A-4: requests of the busiest replica over the mean", subtitle),
    legend: legend(waysOf(computed), LEGEND),
    grid: GRID,
    xAxis: replicasAxis(),
    yAxis: { type: "log", min: 1, max: 32, logBase: 2, ...axisStyle() },
    series: [
      ...waysOf(computed).map((way) =>
        lineOf(way, of(computed, way).map(({ replicas, maxOverMean }) => [replicas, maxOverMean]))
      ),
      ...waysOf(changes).map((way) =>
        dotsOf(way, of(changes, way).map(({ replicas, maxOverMean }) => [replicas, maxOverMean]))
      ),
    ],
  };
  const alt = "Requests of the busiest replica over the mean, for 2 to 50 replicas, by layout";
  return { name: "a-4-balance", alt, option, ...SIZE };
}

/** What moves in excess of the least that can move: the load of the one that leaves. */
function leaveChart(computed: readonly Computed[], changes: readonly Change[]): NamedChart {
  const left = changes.filter(({ change }) => change === "leave");
  const subtitle =
    "lines computed (mean over who leaves), dots from real fleets where one left by DELETE /rm";
  const option = {
    title: titleOf("A-4: ids that change their replica when one of N leaves", subtitle),
    legend: legend(["1 / N", ...waysOf(computed)], LEGEND),
    grid: GRID,
    xAxis: replicasAxis(),
    yAxis: {
      type: "value",
      min: 0,
      max: 60,
      interval: 10,
      ...axisStyle(),
      axisLabel: { color: INK.text, fontSize: 12, formatter: "{value} %" },
    },
    series: [
      {
        ...lineOf("1 / N", ideal(computed)),
        z: 4,
        lineStyle: { color: "#0f172a", type: "dashed", width: 1.5 },
        itemStyle: { color: "#0f172a" },
      },
      ...waysOf(computed).map((way) =>
        lineOf(way, of(computed, way).map(({ replicas, leave }) => [replicas, 100 * leave]))
      ),
      ...waysOf(left).map((way) =>
        dotsOf(way, of(left, way).map(({ replicas, moved }) => [replicas, 100 * moved / REQUESTS]))
      ),
    ],
  };
  const alt = "Part of the ids that move when a replica leaves, for 2 to 50 replicas, by layout";
  return { name: "a-4-leave", alt, option, ...SIZE };
}

function ideal(computed: readonly Computed[]): number[][] {
  return [...new Set(computed.map(({ replicas }) => replicas))].map((n) => [n, 100 / n]);
}

function waysOf(all: readonly { readonly way: string }[]): string[] {
  return [...new Set(all.map(({ way }) => way))];
}

function of<T extends { readonly way: string }>(all: readonly T[], way: string): T[] {
  return all.filter((one) => one.way === way);
}

function replicasAxis(): Record<string, unknown> {
  const axis = namedAxis("replicas (N)", 32);
  Object.assign(axis["axisLabel"] as object, { showMaxLabel: false });
  return { type: "value", min: 0, max: 52, interval: 10, ...axis };
}

function lineOf(name: string, data: readonly number[][]): Record<string, unknown> {
  const color = colourOf(name);
  return { name, type: "line", symbol: "none", color, lineStyle: { width: 1.8, color }, data };
}

function dotsOf(way: string, data: readonly number[][]): Record<string, unknown> {
  const itemStyle = { color: colourOf(way), borderColor: "#ffffff", borderWidth: 1 };
  return { type: "scatter", symbolSize: 11, z: 5, itemStyle, data };
}
