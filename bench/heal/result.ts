/**
 * Results: their shape, their lines, and their chart.
 *
 * @module
 */
import { barPanel, drawChart, KIND_COLOURS } from "../harness/chart.ts";
import type { Machine } from "../harness/machine.ts";
import { tableOf } from "../harness/table.ts";
import type { Struck } from "./strikes.ts";

/** The numbers by the keys of the lines. Times are in milliseconds. */
export type Values = Readonly<Record<string, number>>;

/** A line of a table: one number, or several that belong together. */
interface Line {
  readonly label: string;
  readonly keys: readonly string[];
  readonly digits: number;
}

/** One contestant's column. */
export interface Column {
  readonly name: string;
  readonly about: string;
  readonly kind: "own" | "peer";
  readonly values: Values;
  /** The first faults, in words. */
  readonly losses: readonly string[];
  /** Every failure by itself. */
  readonly struck?: readonly Struck[];
  /** The reason why there are no numbers. */
  readonly fault?: string;
}

/** One table. */
export interface Table {
  readonly name: string;
  readonly title: string;
  readonly lines: readonly Line[];
  readonly columns: readonly Column[];
}

/** One run of the bench. */
export interface Result {
  readonly date: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, number>>;
  readonly tables: readonly Table[];
}

/** Of the failures of replicas. */
export const FAILURE_LINES: readonly Line[] = [
  count("failures", "struck"),
  count("of them never healed", "unhealed"),
  times("out of the view", "out"),
  times("replacement created", "create"),
  times("full ring", "full"),
  count("requests", "requests"),
  count("lost", "lost"),
  count("POSTs in flight answered 502", "refused"),
  count("POSTs in flight cut off", "cut"),
  count("of them seen by no replica", "unseen"),
  count("streams in flight broken off", "broken"),
  count("POSTs executed twice", "executedTwice"),
  count("POSTs sent to two", "sentTwice"),
  count("POSTs answered, not executed", "neverExecuted"),
  count("GETs answered elsewhere meanwhile", "elsewhere"),
  count("GETs answered elsewhere later", "strayed"),
  count("keys moved in the end", "moved"),
  count("heals that changed the digest", "digests"),
  times("GET in quiet", "quietGet", 1),
  times("GET during heals", "healGet", 1),
  times("the bench itself late", "lag", 1),
];

/** Of the balancer's own deaths. */
export const BALANCER_LINES: readonly Line[] = [
  count("kills of the balancer", "killed"),
  count("of them not converged", "unhealed"),
  times("all replicas ready", "ready"),
  times("nothing left over", "clean"),
];

function count(label: string, key: string): Line {
  return { label, keys: [key], digits: 0 };
}

/** In milliseconds. */
function times(label: string, name: string, digits = 0): Line {
  const keys = ["P50", "P99", "Max"].map((part) => `${name}${part}`);
  return { label: `${label}, ms p50 / p99 / max`, keys, digits };
}

/**
 * A table as text: a column for each contestant. A contestant without numbers has no column but a
 * line with the reason; the losses follow.
 *
 * @param table the table
 */
export function textOf({ title, lines, columns }: Table): string {
  const shown = columns.filter(({ fault }) => fault === undefined);
  const head = ["", ...shown.map(({ name }) => name)];
  const body = lines.map((line) => [line.label, ...shown.map((column) => cell(line, column))]);
  const numbers = shown.length === 0 ? [] : [tableOf(head, body)];
  const faults = columns.flatMap(({ name, fault }) =>
    fault === undefined ? [] : `${name}: ${fault}`
  );
  const losses = columns.flatMap(({ name, losses }) =>
    losses.map((loss) => `${name}: lost: ${loss}`)
  );
  return [title, ...numbers, ...faults, ...losses].join("\n");
}

function cell({ keys, digits }: Line, { values }: Column): string {
  const texts = keys.map((key) => {
    const value = values[key] ?? NaN;
    return Number.isNaN(value) ? "-" : value.toFixed(digits);
  });
  return texts.every((text) => text === "-") ? "-" : texts.join(" / ");
}

/** The panels of the chart: key, title, digits. */
const PANELS: readonly (readonly [key: string, title: string, digits: number])[] = [
  ["fullP50", "full ring: median, ms after the kill", 0],
  ["fullMax", "full ring: slowest, ms after the kill", 0],
  ["healGetP99", "GET during heals: p99, ms", 1],
  ["healGetMax", "GET during heals: slowest, ms", 0],
  ["lost", "requests lost", 0],
  ["elsewhere", "GETs answered by another replica", 0],
];

/** Draws the results of the kills as SVG. */
export function drawResult({ date, machine, options, tables }: Result): Promise<string> {
  const columns = tables.find(({ name }) => name === "kills")?.columns ?? [];
  const panels = PANELS.map(([key, title, digits]) => {
    const shown = columns.filter(({ values }) => Number.isFinite(values[key]));
    const least = Math.min(...shown.map(({ values }) => values[key] ?? Infinity));
    const bars = shown.map(({ name, kind, values }) => {
      const value = values[key] ?? 0;
      return { label: name, value, colour: KIND_COLOURS[kind], bold: value === least };
    });
    return barPanel(`${title} (less is better)`, bars, digits);
  });
  return drawChart({
    title: "the cost of a failure",
    subtitle: `${date.slice(0, 10)}, ${machine["cpu"]}; ${options["kills"]} kills under load each`,
    ...{ panels, columns: 2, left: 120, size: { width: 270, height: 170 } },
  });
}
