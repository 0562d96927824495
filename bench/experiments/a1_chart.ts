/**
 * A-1 as a chart.
 *
 * @module
 */
import { INK } from "../harness/chart.ts";
import type { Distribution } from "./a1.ts";
import { axisStyle, legend, REPLICA_COLOURS, titleOf } from "./chart_style.ts";
import { serverNames } from "./layouts.ts";
import type { NamedChart } from "./part.ts";
import { SEED_FIGURES } from "./seed_document.ts";

const LINE_HEIGHT = 58;

/** A group of bars for each layout, a bar for each replica. */
export function distributionChart(data: readonly Distribution[]): NamedChart {
  const groups = [
    { label: "the seed document says", requests: SEED_FIGURES.requests },
    ...data.map(({ way, withIds, requests }) => ({
      label: withIds ? way : `${way}, fresh ids`,
      requests,
    })),
  ];
  const names = serverNames(data[0]?.requests.length ?? 0);
  const top = 84;
  const option = {
    title: titleOf(
      "A-1: who answers 10,000 requests",
      "requests per replica, N = 3, M = 512, K = 9",
    ),
    legend: legend(names),
    grid: { left: 190, right: 60, top, height: groups.length * LINE_HEIGHT },
    xAxis: { type: "value", max: 10_000, interval: 2000, ...axisStyle() },
    yAxis: {
      type: "category",
      inverse: true,
      data: groups.map(({ label }) => label),
      ...axisStyle(),
      splitLine: { show: false },
    },
    series: names.map((name, at) => ({
      name,
      type: "bar",
      barWidth: 13,
      barGap: "12%",
      color: REPLICA_COLOURS[at],
      data: groups.map(({ requests }) => requests[at]),
      label: { show: true, position: "right", color: INK.text, fontSize: 11 },
    })),
  };
  return {
    name: "a-1",
    alt: "Requests that each of three replicas answered, by layout and hash family",
    option,
    width: 900,
    height: top + groups.length * LINE_HEIGHT + 44,
  };
}
