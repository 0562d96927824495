/**
 * The chart of the results: times over the number of members.
 *
 * @module
 */
import { drawChart, line, type Panel } from "../harness/chart.ts";
import { COUNTS } from "./contestants.ts";
import { NAMES } from "./races.ts";
import { medianOf, racesOf, type Result } from "./result.ts";

const OWN_COLOURS = ["#c2410c", "#ea580c", "#fb923c"];
const PEER_COLOURS = ["#1e3a8a", "#3b82f6", "#0d9488", "#7c3aed", "#64748b", "#a16207"];
const SYMBOLS = ["circle", "rect", "triangle", "diamond"] as const;

/** The panels: title, race, nanoseconds of the unit. */
const PANELS: readonly (readonly [title: string, what: string, unit: number])[] = [
  ["owner of a key of 16 characters, ns", NAMES.key(16), 1],
  ["owner of an id, ns", NAMES.id, 1],
  ["a member joins, up to the next answer, ms", NAMES.join, 1e6],
  ["build, up to the first answer, ms", NAMES.build, 1e6],
];

/** Draws the results as SVG. */
export function drawRingChart(result: Result): Promise<string> {
  const { date, machine, rounds, turnMs, entries } = result;
  return drawChart({
    title: "the cost of a ring over the number of members N (less is better)",
    subtitle:
      `${date.slice(0, 10)}, ${machine["cpu"]}; medians of ${rounds} turns of ${turnMs} ms; ` +
      "dashed: not consistent",
    legend: entries.map(({ name }) => name),
    columns: 2,
    size: { width: 400, height: 260 },
    panels: PANELS.map(([title, what, unit]) => panelOf(result, title, what, unit)),
  });
}

function panelOf(result: Result, title: string, what: string, unit: number): Panel {
  const names = Object.keys(racesOf(result, what)[0]?.timings ?? {});
  const series = names.map((name) => {
    const points = COUNTS.flatMap((members) => {
      const time = medianOf(result, what, members, name);
      return time ? [[members, time / unit]] : [];
    });
    const { colour, symbol, dashed } = styleOf(result, name);
    const lineStyle = { width: 2, color: colour, type: dashed ? "dashed" : "solid" };
    return line(name, colour, points, { symbol, symbolSize: 8, lineStyle });
  });
  const ticks = { axisTick: { customValues: COUNTS }, min: COUNTS[0], max: COUNTS.at(-1) };
  const axisLabel = { customValues: COUNTS, formatter: String };
  return {
    title,
    x: { type: "log", name: "N", ...ticks, axisLabel, splitLine: { show: false } },
    y: { type: "log", axisLabel: { formatter: short } },
    series,
  };
}

/** A number of an axis, as 10 or 0.01 or 1e6. */
function short(value: number): string {
  return value >= 1e5 ? value.toExponential(0).replace("+", "") : String(value);
}

function styleOf({ entries }: Result, name: string) {
  const entry = entries.find((one) => one.name === name);
  const colours = entry?.kind === "own" ? OWN_COLOURS : PEER_COLOURS;
  const same = entries.filter(({ kind }) => kind === entry?.kind);
  const at = same.findIndex((one) => one.name === name);
  return {
    colour: colours[at % colours.length] ?? "#000000",
    symbol: SYMBOLS[at % SYMBOLS.length],
    dashed: !entry?.properties.consistent,
  };
}
