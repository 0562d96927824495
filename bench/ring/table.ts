/**
 * Results as a page of tables, and the goals of the ring.
 *
 * @module
 */
import { percent, tableOf } from "../harness/table.ts";
import { COUNTS } from "./contestants.ts";
import { LAYOUTS } from "./own.ts";
import { NAMES } from "./races.ts";
import { type Entry, medianOf, racesOf, type Result } from "./result.ts";

/** Columns of times in the table of everything: title, race, number of members. */
const TIMES: readonly (readonly [title: string, what: string, members: number])[] = [
  ["id, N = 10", NAMES.id, 10],
  ["16-character key, N = 10", NAMES.key(16), 10],
  ["the same, N = 1000", NAMES.key(16), 1000],
  ["build, N = 1000", NAMES.build, 1000],
  ["add, N = 1000", NAMES.join, 1000],
  ["remove, N = 1000", NAMES.leave, 1000],
];

/** The whole page. */
export function pageOf(result: Result): string {
  const whats = [...new Set(result.races.map(({ what }) => what))];
  return [
    `# The ring beside its peers, ${result.date.slice(0, 10)}`,
    `\`${result.command}\`: ${machineLine(result)}.`,
    overview(result),
    "Goals:",
    goalTable(result),
    ...whats.flatMap((what) => [`## ${what}`, raceTable(result, what)]),
  ].join("\n\n") + "\n";
}

/** Machine, versions and method in one line. */
export function machineLine({ machine, versions, rounds, turnMs }: Result): string {
  const { cpu, cores, loadAverage } = machine;
  const peers = Object.entries(versions).filter(([name]) => name !== "ringkeeper");
  return `${versions["ringkeeper"]}; ${cpu}, ${cores} cores, load ${loadAverage}; ` +
    `medians of ${rounds} turns of ${turnMs} ms; ` +
    peers.map(([name, version]) => `${name} ${version}`).join(", ");
}

/** Properties and times of all contestants in one table. */
export function overview(result: Result): string {
  const head = [
    "",
    "max/mean, N = 10",
    "N = 100",
    "leave moves (needs)",
    "join moves (needs)",
    "instances agree",
    "weights",
    ...TIMES.map(([title]) => title),
  ];
  return tableOf(head, result.entries.map((entry) => overviewRow(result, entry)));
}

function overviewRow(result: Result, { name, properties }: Entry): string[] {
  const { maxOverMean, leave, join, agreement, weights } = properties;
  return [
    name,
    ...Object.values(maxOverMean).map((value) => value.toFixed(2)),
    ...[leave, join].map(({ moved, needed }) => `${percent(moved)} (${percent(needed)})`),
    agreement,
    weights ? "yes" : "no",
    ...TIMES.map(([, what, members]) => duration(medianOf(result, what, members, name))),
  ];
}

/** The default layout, which lookups are judged by: they are the same in all. */
const DEFAULT = `${LAYOUTS[0]} (ours)`;

/** The goals of the ring, with the figures of the layout and the number of members that it is worst with. */
export function goalTable(result: Result): string {
  const worst = (what: string) =>
    Math.max(...COUNTS.map((members) => medianOf(result, what, members, DEFAULT) ?? NaN));
  const change = (layout: string) =>
    Math.max(
      ...[NAMES.join, NAMES.leave].map((what) =>
        medianOf(result, what, 1000, `${layout} (ours)`) ?? NaN
      ),
    ) / 1e6;
  const ratio = Math.max(...COUNTS.map((members) => ratioToPeers(result, members)));
  const goals: readonly (readonly [string, number, number])[] = [
    ["slot of an id, ns", 1, worst(NAMES.slot)],
    ["owner of an id, ns", 1, worst(NAMES.id)],
    ["owner of a key of 16 characters over the fastest consistent peer", 0.6, ratio],
    ...LAYOUTS.map((layout) =>
      [`add or remove at N = 1000, ${layout}, ms`, 1, change(layout)] as const
    ),
  ];
  return tableOf(
    ["", "at most", "measured", "met"],
    goals.map(([what, most, measured]) => [
      ...[what, most, measured.toFixed(2), measured <= most ? "yes" : "no"],
    ]),
  );
}

function ratioToPeers(result: Result, members: number): number {
  const what = NAMES.key(16);
  const peers = result.entries
    .filter(({ kind, properties }) => kind === "peer" && properties.consistent)
    .map(({ name }) => medianOf(result, what, members, name) ?? Infinity);
  return (medianOf(result, what, members, DEFAULT) ?? NaN) / Math.min(...peers);
}

function raceTable(result: Result, what: string): string {
  const races = racesOf(result, what);
  const names = Object.keys(races[0]?.timings ?? {});
  const head = ["", ...races.map(({ members }) => `N = ${members}`)];
  const row = (name: string) => [
    name,
    ...races.map(({ timings }) => duration(timings[name]?.median)),
  ];
  return tableOf(head, names.map(row));
}

/**
 * A time with three digits or so, in the unit that suits it.
 *
 * @param nanoseconds the time; undefined gives "-"
 */
export function duration(nanoseconds: number | undefined): string {
  if (nanoseconds === undefined || Number.isNaN(nanoseconds)) return "-";
  const [unit, size] = UNITS.find(([, size]) => nanoseconds >= size) ?? ["ns", 1];
  const value = nanoseconds / size;
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
}

const UNITS: readonly (readonly [unit: string, nanoseconds: number])[] = [
  ["s", 1e9],
  ["ms", 1e6],
  ["µs", 1e3],
];
