/**
 * how the spread of the load changes with the number of replicas.
 *
 * @module
 */
import { printError } from "../../tools/print.ts";
import { categories, dots, INK, line, values } from "../harness/chart.ts";
import { spreadOf, sum } from "../harness/statistics.ts";
import { fixed, tableOf, whole } from "../harness/table.ts";
import type { NamedChart, Part } from "./part.ts";
import { REQUESTS, requestsOf, takeCensus } from "./requests.ts";
import { colourOf, nameOf, type Room, serverNames, startFleet, WAYS } from "./room.ts";

/** One layout with one number of replicas. */
interface LayoutLoad {
  readonly way: string;
  readonly replicas: number;
  /** Requests that each replica answered. */
  readonly requests: readonly number[];
  readonly faults: readonly string[];
}

/** The seed document's numbers of replicas. */
const FEWEST = 2;
const MOST = 6;

/** */
export const growth: Part<readonly LayoutLoad[]> = {
  name: "A-2",
  title: "two to six replicas",
  measure,
  charts: (data) => [chartOf(data)],
  rows: (data) =>
    data.flatMap(({ way, replicas, requests }) =>
      requests.map((count, at) => ({ way, replicas, replica: `Server${at + 1}`, requests: count }))
    ),
  report,
};

/** One fleet for each layout, which grows by `POST /add` while it runs. */
async function measure(room: Room): Promise<LayoutLoad[]> {
  const found: LayoutLoad[] = [];
  for (const way of WAYS) {
    await using fleet = await startFleet(room, { replicas: FEWEST, way });
    for (let replicas = FEWEST; replicas <= MOST; replicas++) {
      if (replicas > FEWEST) await fleet.add([`Server${replicas}`]);
      const census = await takeCensus(fleet.port, room.signal);
      const requests = requestsOf(census, serverNames(replicas));
      found.push({ way: nameOf(way), replicas, requests, faults: census.faults });
    }
    printError(`  ${nameOf(way)}: ${found.at(-1)?.requests.join(" / ")}`);
  }
  return found;
}

/** A panel for each layout, with a dot for each replica and a line for the mean. */
function chartOf(data: readonly LayoutLoad[]): NamedChart {
  const names = countsIn(data).map((count) => `N = ${count}`);
  const panel = (way: string) => {
    const loads = data.filter((one) => one.way === way);
    const means = loads.map(({ requests }) => spreadOf(requests).mean);
    const points = loads.flatMap(({ replicas, requests }) =>
      requests.map((count) => [`N = ${replicas}`, count])
    );
    const style = { lineStyle: { color: INK.text, width: 1, type: "dashed" } };
    return {
      title: way,
      x: categories(names),
      y: values({ min: 0, max: REQUESTS, interval: 2500 }),
      series: [line("", INK.text, means, style), dots("", colourOf(way), points)],
    };
  };
  return {
    name: "a-2",
    alt: "Requests of each replica with two to six replicas, by layout and hash family",
    title: "A-2: requests per replica over the number of replicas",
    subtitle: "a dot is a replica, the line is the mean, 10,000 / N; M = 512, K = 9",
    columns: 3,
    size: { width: 225, height: 165 },
    panels: waysIn(data).map(panel),
  };
}

function report(data: readonly LayoutLoad[], chart: (name: string) => string): string {
  const lost = sum(data.map(({ faults }) => faults.length));
  const counts = countsIn(data);
  const cell = (way: string, count: number) => {
    const found = data.find((one) => one.way === way && one.replicas === count);
    const { deviation, maxOverMean } = spreadOf(found?.requests ?? []);
    return `${whole(deviation)} (${fixed(maxOverMean, 2)})`;
  };
  const means = counts.map((count) => whole(REQUESTS / count)).join(" / ");
  return [
    `One fleet for each layout; it grows by \`POST /add\` while it runs, and is sent the ids 0 to 9999 at each size. ${lost} requests were lost.

The seed document plots the mean load of a replica over N. That is ${means} for N = ${
      counts.join(", ")
    } whatever the layout is, by arithmetic. The finding is the spread around it:`,
    tableOf(
      ["deviation (largest / mean)", ...counts.map((count) => `N = ${count}`)],
      waysIn(data).map((way) => [way, ...counts.map((count) => cell(way, count))]),
    ),
    chart("a-2"),
  ].join("\n\n");
}

function waysIn(data: readonly LayoutLoad[]): string[] {
  return [...new Set(data.map(({ way }) => way))];
}

function countsIn(data: readonly LayoutLoad[]): number[] {
  return [...new Set(data.map(({ replicas }) => replicas))];
}
