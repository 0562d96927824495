/**
 * Results as a picture: times over the number of members.
 *
 * @module
 */
import { drawLines, type Line, type LinePanel, type Style } from "../harness/lines.ts";
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
  const { date, machine, rounds, turnMs } = result;
  return drawLines({
    title: "what a ring costs over the number of members N (less is better)",
    subtitle:
      `${date.slice(0, 10)}, ${machine["cpu"]}; medians of ${rounds} turns of ${turnMs} ms; ` +
      "dashed: not consistent",
    panels: PANELS.map(([title, what, unit]) => panel(result, title, what, unit)),
    styles: stylesOf(result),
  });
}

function panel(result: Result, title: string, what: string, unit: number): LinePanel {
  const names = Object.keys(racesOf(result, what)[0]?.timings ?? {});
  const line = (name: string): Line => ({
    name,
    points: COUNTS.flatMap((members) => {
      const time = medianOf(result, what, members, name);
      return time ? [[members, time / unit] as const] : [];
    }),
  });
  return { title, axis: "N", ticks: COUNTS, lines: names.map(line) };
}

function stylesOf({ entries }: Result): Record<string, Style> {
  const counts = { own: 0, peer: 0 };
  return Object.fromEntries(entries.map(({ name, kind, properties }) => {
    const at = counts[kind]++;
    const colours = kind === "own" ? OWN_COLOURS : PEER_COLOURS;
    const colour = colours[at % colours.length]!;
    const symbol = SYMBOLS[at % SYMBOLS.length]!;
    return [name, { colour, symbol, dashed: !properties.consistent }];
  }));
}
