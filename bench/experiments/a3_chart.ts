/**
 * A-3 as charts.
 *
 * @module
 */
import { categories, dots, INK, markLines, type Panel, values } from "../harness/chart.ts";
import type { FailureData, Kill, Times } from "./a3.ts";
import type { NamedChart } from "./part.ts";
import { REPLICA_COLOURS } from "./room.ts";

/** Steps of a heal: name, times between which it lies, and colour. */
const STEPS: readonly (readonly [string, keyof Times | undefined, keyof Times, string])[] = [
  ["noticed", undefined, "detected", "#b91c1c"],
  ["out of the view", "detected", "ejected", "#f59e0b"],
  ["replacement started", "ejected", "started", "#64748b"],
  ["first heartbeat", "started", "ready", "#2563eb"],
  ["every worker routes to it", "ready", "released", "#0f766e"],
];

/** The timeline of one kill, and the times of all. */
export function failureCharts(data: FailureData): NamedChart[] {
  return [timelineChart(data), killsChart(data.kills)];
}

function timelineChart(data: FailureData): NamedChart {
  const kill = data.kills[data.shown.kill];
  return {
    name: "a-3-timeline",
    alt: "Answers of each replica over time around a kill, and the time that each request took",
    title: "A-3: one replica of three is killed under load",
    subtitle: `${data.requestsASecond} requests each second; ${kill?.name} killed at 0, its ` +
      `replacement released to traffic after ${kill?.times.released} ms`,
    legend: data.replicas,
    size: { width: 796, height: 210 },
    above: 108,
    panels: [answersPanel(data, kill), requestsPanel(data, kill)],
  };
}

function answersPanel({ replicas, shown: { bins } }: FailureData, kill?: Kill): Panel {
  const { from, width, counts } = bins;
  const max = from + (counts[replicas[0] ?? ""]?.length ?? 0) * width;
  const x = { min: from, max, interval: 1000, name: "milliseconds after the kill" };
  const series = replicas.map((name, at) => ({
    ...{ name, type: "bar", stack: "answers", barWidth: 13, color: REPLICA_COLOURS[at] },
    data: counts[name]?.map((count, bin) => [from + (bin + 0.5) * width, count]),
    ...at === 0 && { markLine: markLines([{ xAxis: 0, text: `${kill?.name} killed` }]) },
  }));
  return {
    title: `answers each ${width} ms, by replica`,
    x: values({ ...x, splitLine: { show: false } }),
    y: values(),
    series,
  };
}

function requestsPanel({ replicas, shown }: FailureData, kill?: Kill): Panel {
  const { ejected = NaN, started = NaN, ready = NaN, released = NaN } = kill?.times ?? {};
  const marks = [
    { xAxis: 0, text: "killed" },
    { xAxis: ejected, text: `out of the view, ${ejected} ms` },
    { xAxis: started, text: `replacement started, ${started} ms` },
    { xAxis: ready, text: `first heartbeat, ${ready} ms` },
    { xAxis: released, text: `takes requests, ${released} ms` },
  ];
  const series = replicas.map((name, at) =>
    dots(
      name,
      REPLICA_COLOURS[at] ?? INK.text,
      shown.dots.filter(([, , server]) => server === name).map(([sent, took]) => [sent, took]),
      { symbolSize: 5, ...at === 0 && { markLine: markLines(marks) } },
    )
  );
  return {
    title: "every request near the kill: time that it took, ms",
    x: values({ name: "sent, milliseconds after the kill", splitLine: { show: false } }),
    y: values(),
    series,
  };
}

function killsChart(kills: readonly Kill[]): NamedChart {
  const total = {
    ...{ show: true, position: "right", color: INK.text },
    formatter: (at: { dataIndex: number }) => `${kills[at.dataIndex]?.times.released}`,
  };
  const series = STEPS.map(([name, from, to, color]) => ({
    ...{ name, type: "bar", stack: "heal", barWidth: 15, color },
    data: kills.map(({ times }) => Math.max(0, times[to] - (from ? times[from] : 0))),
    ...to === "released" && { label: total },
  }));
  return {
    name: "a-3-kills",
    alt: "The steps of each heal, from the kill to the full ring, in milliseconds",
    title: "A-3: duration of each heal",
    subtitle: "steps from the kill to a full ring",
    legend: STEPS.map(([name]) => name),
    left: 110,
    size: { width: 730, height: kills.length * 26 },
    panels: [{
      x: values({ name: "milliseconds after the kill" }),
      y: categories(kills.map(({ name }, at) => `${at + 1}: ${name}`), { inverse: true }),
      series,
    }],
  };
}
