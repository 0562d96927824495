/**
 * The figures of a run, and their table.
 *
 * @module
 */
import { median } from "../harness/statistics.ts";
import { tableOf } from "../harness/table.ts";
import type { Agreement } from "./agreement.ts";
import type { Costs } from "./costs.ts";
import type { Faults } from "./faults.ts";
import type { Keys } from "./keys.ts";
import { NO_STRIKES, type Strikes, together } from "./strikes.ts";

/** Kinds of failures. */
const KINDS = ["kill", "follower", "leader"] as const;

/** A kind of failures. */
export type Kind = typeof KINDS[number];

/** A system: our balancers without and with spares, and HAProxy with Swarm. */
export type System = "own" | "spares" | "peer";

/** The figures so far. */
export interface Figures {
  readonly strikes: Readonly<Record<System, Partial<Record<Kind, Strikes>>>>;
  readonly costs: Partial<Record<System, Costs>>;
  readonly keys: Partial<Record<System, Keys>>;
  readonly agreement?: Agreement;
  readonly faults: Faults;
}

const NONE = "–";

/** A row for a time of one kind of failures. */
interface TimeRow {
  readonly about: string;
  readonly kind: Kind;
  readonly time: "outMs" | "fullMs";
  /** Goals of our balancers, without and with spares. */
  readonly goals: readonly [own: string, spares: string];
}

const TIMES: readonly TimeRow[] = [
  {
    about: "a replica is killed: out of all views",
    kind: "kill",
    time: "outMs",
    goals: ["60", "60"],
  },
  { about: "… full ring everywhere", kind: "kill", time: "fullMs", goals: ["800", "100"] },
  {
    about: "a machine loses power: out of all views",
    kind: "follower",
    time: "outMs",
    goals: ["", ""],
  },
  { about: "… full ring everywhere", kind: "follower", time: "fullMs", goals: ["2500", ""] },
  {
    about: "Swarm's leader loses power: out of all views",
    kind: "leader",
    time: "outMs",
    goals: ["", ""],
  },
  { about: "… full ring everywhere", kind: "leader", time: "fullMs", goals: ["14000", "2000"] },
];

/**
 * The tables of a run as a page.
 *
 * @param figures the figures so far
 * @param faults the parts that failed
 */
export function pageOf(figures: Figures, faults: readonly string[]): string {
  const parts = [
    "# Three balancers on three machines",
    "Written by `deno task bench:cluster`. Times in milliseconds: least / median / most (number).",
    tableOfFigures(figures),
    tableOfAgreement(figures),
    ...faults.map((fault) => `Not measured: ${fault}`),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** A table of times and costs. */
function tableOfFigures(figures: Figures): string {
  const head = ["", "ringkeeper", "goal", "with spares", "goal", "Swarm, HAProxy"];
  return tableOf(head, [
    ...TIMES.map((row) => timeRow(figures, row)),
    ["requests lost, of all", ...ofSystems(figures, lostOf, "0")],
    ["keys that two balancers route differently", ...ofSystems(figures, keysCell, "0")],
    ["memory of each balancer, MB", ...ofSystems(figures, memoryOf)],
    ["processor of each at rest, % of a core", ...ofSystems(figures, processorOf)],
  ]);
}

/** A table of what only our balancers have. */
function tableOfAgreement({ agreement, faults }: Figures): string {
  const { twoHealers, doubled, orphaned } = faults;
  return tableOf(["", "measured", "goal"], [
    ["two healers at once", twoHealers, 0],
    ["doubled instances", doubled, 0],
    ["orphaned instances", orphaned, 0],
    ["changes of the ring under load", agreement?.changes ?? NONE, ""],
    ["… epochs with two digests", agreement?.disagreeing ?? NONE, 0],
    [
      "… requests lost, of all",
      agreement ? `${agreement.lost} of ${agreement.responses}` : NONE,
      0,
    ],
    ["… window of different epochs, ms", spread(agreement?.windowsMs), 10],
    ["… answer to the change, ms", spread(agreement?.answersMs), ""],
  ]);
}

function timeRow({ strikes }: Figures, { about, kind, time, goals }: TimeRow): string[] {
  const cell = (system: System) =>
    spread(strikes[system][kind]?.strikes.map((strike) => strike[time]), true);
  return [`${about}, ms`, cell("own"), goals[0], cell("spares"), goals[1], cell("peer")];
}

/** The cells of a row, with the goals of our systems. */
function ofSystems(
  figures: Figures,
  cell: (figures: Figures, system: System) => string,
  goal = "",
): string[] {
  return [
    ...[cell(figures, "own"), goal],
    ...[cell(figures, "spares"), goal],
    cell(figures, "peer"),
  ];
}

function lostOf({ strikes }: Figures, system: System): string {
  const { served, lost } = together(KINDS.map((kind) => strikes[system][kind] ?? NO_STRIKES));
  return served + lost === 0 ? NONE : `${lost} of ${served + lost}`;
}

function keysCell({ keys }: Figures, system: System): string {
  const found = keys[system];
  return found ? `${found.differing} of ${found.keys}` : NONE;
}

function memoryOf({ costs }: Figures, system: System): string {
  return costs[system]?.rssMb.map((mb) => mb.toFixed(0)).join(", ") ?? NONE;
}

function processorOf({ costs }: Figures, system: System): string {
  return costs[system]?.cpu.map((part) => (part * 100).toFixed(1)).join(", ") ?? NONE;
}

/** Smallest, median and largest; with the number of values. */
function spread(values: readonly number[] = [], counted = false): string {
  if (values.length === 0) return NONE;
  const numbers = [Math.min(...values), median(values), Math.max(...values)];
  const text = numbers.map((value) => value.toFixed(0)).join(" / ");
  return counted ? `${text} (${values.length})` : text;
}
