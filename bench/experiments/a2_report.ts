/**
 * A-2 in words.
 *
 * @module
 */
import type { Load } from "./a2.ts";
import { REQUESTS } from "./census.ts";
import { fixed, tableOf, whole } from "./markdown.ts";
import { spreadOf } from "./statistics.ts";

/** The section. */
export function growthReport(data: readonly Load[], chart: (name: string) => string): string {
  const lost = data.reduce((sum, { faults }) => sum + faults.length, 0);
  const counts = [...new Set(data.map(({ replicas }) => replicas))];
  const ways = [...new Set(data.map(({ way }) => way))];
  const of = (way: string, count: number) =>
    spreadOf(data.find((one) => one.way === way && one.replicas === count)?.requests ?? []);
  const means = counts.map((count) => whole(REQUESTS / count)).join(" / ");
  return [
    `One fleet for each layout; it grows by \`POST /add\` while it runs, and is sent the ids 0 to 9999 at each size. ${lost} requests were lost.

The seed document plots the mean load of a replica over N. That is ${means} for N = ${
      counts.join(", ")
    } whatever the layout is, by arithmetic. The finding is the spread around it:`,
    tableOf(
      ["deviation (largest / mean)", ...counts.map((count) => `N = ${count}`)],
      ways.map((way) => [way, ...counts.map((count) => cellOf(of(way, count)))]),
    ),
    chart("a-2"),
  ].join("\n\n");
}

function cellOf({ deviation, maxOverMean }: { deviation: number; maxOverMean: number }): string {
  return `${whole(deviation)} (${fixed(maxOverMean, 2)})`;
}
