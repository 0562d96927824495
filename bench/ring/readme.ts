/**
 * The figures in the ring's README.
 *
 * @module
 */
import { tableOf } from "../harness/table.ts";
import { layoutTable } from "./layout_figures.ts";
import { OWN } from "./own.ts";
import { NAMES } from "./races.ts";
import { medianOf, type Result } from "./result.ts";
import { duration, goalTable, machineLine, overview } from "./table.ts";

/** The page, from the project's root. */
export const README = "ring/README.md";

/** The page with the figures of the layouts, which follow from the code. */
export function withLayouts(text: string): string {
  return between(text, "layouts", layoutTable());
}

/** The page with all figures: those that follow from the code, and those that were measured. */
export function withFigures(text: string, result: Result): string {
  const costs = between(withLayouts(text), "costs", costTable(result));
  return between(costs, "peers", peers(result));
}

const SIZES:
  readonly (readonly [title: string, suffix: (what: string) => string, members: number])[] = [
    ["512 slots, 10 members", NAMES.defaults, 10],
    ["4096 slots, 100 members", (what) => what, 100],
    ["4096 slots, 1000 members", (what) => what, 1000],
  ];

/** The cost of builds and changes of our layouts. */
function costTable(result: Result): string {
  const rows = OWN.flatMap(({ name }) =>
    SIZES.map(([title, named, members]) => [
      `\`${name.replace(" (ours)", "")}\`, ${ownTitle(name, title)}`,
      ...[NAMES.build, NAMES.join, NAMES.leave].map((what) =>
        duration(medianOf(result, named(what), members, name))
      ),
    ])
  );
  return tableOf(["", "build", "add one", "remove one"], rows);
}

/** Layout `ring` is timed with more slots. */
function ownTitle(name: string, title: string): string {
  return name.startsWith("ring") ? title.replace("4096", "16384") : title;
}

function peers(result: Result): string {
  const file = `../docs/bench/${result.date.slice(0, 10)}-ring`;
  const links = `[data](${file}.json), [all tables](${file}.md), [chart](${file}.svg)`;
  return [
    overview(result),
    `![cost over the number of members](${file}.svg)`,
    "Goals of the ring:",
    goalTable(result),
    `\`${result.command}\` (${links}): ${machineLine(result)}.`.replace(
      /(.{1,100})(?:\s+|$)/g,
      "$1\n",
    ).trim(),
  ].join("\n\n");
}

/**
 * Replaces the text between the marks `<!-- NAME -->` and `<!-- /NAME -->`.
 *
 * @param page the page
 * @param name the marks' name
 * @param text the new text
 * @throws {RangeError} When the page lacks a mark.
 */
export function between(page: string, name: string, text: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new RangeError(`the page must have ${start} and ${end}`);
  return `${page.slice(0, from + start.length)}\n\n${text}\n\n${page.slice(to)}`;
}
