/**
 * how 10,000 requests are spread over three replicas.
 *
 * @module
 */
import { complain } from "../../tools/print.ts";
import { distributionChart } from "./a1_chart.ts";
import { distributionReport } from "./a1_report.ts";
import { REQUESTS, requestsOf, takeCensus } from "./census.ts";
import { Fleet } from "./fleet.ts";
import { DEFAULT_WAY, nameOf, ringOf, serverNames, type Way, WAYS } from "./layouts.ts";
import type { Part } from "./part.ts";
import type { Room } from "./room.ts";

/** One way to share out the slots, and what came of it. */
export interface Distribution {
  readonly way: string;
  /** Whether requests carried the ids 0 to 9999; else each got a fresh one from the balancer. */
  readonly withIds: boolean;
  /** Slots of each replica; computed. */
  readonly slots: readonly number[];
  /** Requests that each replica answered. */
  readonly requests: readonly number[];
  /** Ids that another replica answered than a ring built here says. */
  readonly strays: number;
  readonly faults: readonly string[];
}

/** How many replicas the seed document has. */
const REPLICAS = 3;

/** The way of the default layout with the seed's own H, which is not among those of other parts. */
const EVEN_BY_SEED: Way = { layout: "even", hashes: "seed", colour: "#ea580c" };

/** */
export const distribution: Part<readonly Distribution[]> = {
  name: "A-1",
  title: "10,000 requests, three replicas",
  measure,
  charts: (data) => [distributionChart(data)],
  rows: (data) =>
    data.flatMap(({ way, withIds, slots, requests }) =>
      serverNames(REPLICAS).map((replica, at) => ({
        way,
        ids: withIds ? "0 to 9999" : "fresh",
        replica,
        slots: slots[at] ?? 0,
        requests: requests[at] ?? 0,
      }))
    ),
  report: distributionReport,
};

async function measure(room: Room): Promise<Distribution[]> {
  const found: Distribution[] = [];
  for (const way of [DEFAULT_WAY, EVEN_BY_SEED, ...WAYS.slice(1)]) {
    await using fleet = await Fleet.start(room, { replicas: REPLICAS, way });
    found.push(await ask(fleet, way, true, room.signal));
    if (way === DEFAULT_WAY) found.push(await ask(fleet, way, false, room.signal));
  }
  return found;
}

async function ask(fleet: Fleet, way: Way, withIds: boolean, signal: AbortSignal) {
  const names = serverNames(REPLICAS);
  const ring = ringOf(way, names);
  const census = await takeCensus(fleet.port, { withIds, signal });
  const slots = names.map((name) =>
    ring.table.reduce((sum, at) => sum + Number(ring.members[at] === name), 0)
  );
  const requests = requestsOf(census, names);
  complain(`  ${nameOf(way)}: ${requests.join(" / ")} of ${REQUESTS}`);
  return {
    way: nameOf(way),
    withIds,
    slots,
    requests,
    strays: withIds
      ? census.answeredBy.filter((name, id) => name !== ring.ownerOfId(id)).length
      : 0,
    faults: census.faults,
  };
}
