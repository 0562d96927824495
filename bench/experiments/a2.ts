/**
 * how the spread of the load changes with the number of replicas.
 *
 * @module
 */
import { complain } from "../../tools/print.ts";
import { growthChart } from "./a2_chart.ts";
import { growthReport } from "./a2_report.ts";
import { requestsOf, takeCensus } from "./census.ts";
import { Fleet } from "./fleet.ts";
import { nameOf, serverNames, WAYS } from "./layouts.ts";
import type { Part } from "./part.ts";
import type { Room } from "./room.ts";

/** One layout with one number of replicas. */
export interface Load {
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
export const growth: Part<readonly Load[]> = {
  name: "A-2",
  title: "two to six replicas",
  measure,
  charts: (data) => [growthChart(data)],
  rows: (data) =>
    data.flatMap(({ way, replicas, requests }) =>
      requests.map((count, at) => ({ way, replicas, replica: `Server${at + 1}`, requests: count }))
    ),
  report: growthReport,
};

/** One fleet for each layout, which grows by `POST /add` while it runs. */
async function measure({ signal, ...room }: Room): Promise<Load[]> {
  const found: Load[] = [];
  for (const way of WAYS) {
    await using fleet = await Fleet.start({ signal, ...room }, { replicas: FEWEST, way });
    for (let replicas = FEWEST; replicas <= MOST; replicas++) {
      if (replicas > FEWEST) await fleet.add([`Server${replicas}`]);
      const census = await takeCensus(fleet.port, { withIds: true, signal });
      const requests = requestsOf(census, serverNames(replicas));
      found.push({ way: nameOf(way), replicas, requests, faults: census.faults });
    }
    complain(`  ${nameOf(way)}: ${found.at(-1)?.requests.join(" / ")}`);
  }
  return found;
}
