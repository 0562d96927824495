/**
 * how 10,000 requests are spread over three replicas.
 *
 * @module
 */
import { hashFamilies } from "../../ring/mod.ts";
import { printError } from "../../tools/print.ts";
import { categories, INK, values } from "../harness/chart.ts";
import { spreadOf, sum } from "../harness/statistics.ts";
import { percent, tableOf } from "../harness/table.ts";
import { type NamedChart, type Part, SEED_FIGURES } from "./part.ts";
import { REQUESTS, requestsOf, takeCensus } from "./requests.ts";
import {
  DEFAULT_WAY,
  nameOf,
  REPLICA_COLOURS,
  ringOf,
  type Room,
  serverNames,
  startFleet,
  type Way,
  WAYS,
} from "./room.ts";

/** The requests of one way. */
interface Distribution {
  readonly way: string;
  /** Whether requests carried the ids 0 to 9999; otherwise the balancer made a new id for each. */
  readonly withIds: boolean;
  /** Slots of each replica; computed. */
  readonly slots: readonly number[];
  /** Requests that each replica answered. */
  readonly requests: readonly number[];
  /** Ids that were not answered by their owner in a ring built here. */
  readonly strays: number;
  readonly faults: readonly string[];
}

/** As many replicas as the seed document has. */
const NAMES = serverNames(3);
const SLOTS = 512;

/** The default layout with the seed's own H, which other experiments leave out. */
const EVEN_BY_SEED: Way = { layout: "even", hashes: "seed", colour: "#ea580c" };

/** */
export const distribution: Part<readonly Distribution[]> = {
  name: "A-1",
  title: "10,000 requests, three replicas",
  measure,
  charts: (data) => [chartOf(data)],
  rows: (data) =>
    data.flatMap(({ way, withIds, slots, requests }) =>
      NAMES.map((replica, at) => ({
        ...{ way, ids: withIds ? "0 to 9999" : "fresh", replica },
        ...{ slots: slots[at] ?? 0, requests: requests[at] ?? 0 },
      }))
    ),
  report,
};

async function measure(room: Room): Promise<Distribution[]> {
  const found: Distribution[] = [];
  for (const way of [DEFAULT_WAY, EVEN_BY_SEED, ...WAYS.slice(1)]) {
    await using fleet = await startFleet(room, { replicas: NAMES.length, way });
    for (const withIds of way === DEFAULT_WAY ? [true, false] : [true]) {
      found.push(await distribute(fleet.port, way, withIds, room.signal));
    }
  }
  return found;
}

async function distribute(port: number, way: Way, withIds: boolean, signal: AbortSignal) {
  const ring = ringOf(way, NAMES);
  const census = await takeCensus(port, signal, withIds);
  const slots = NAMES.map((name) => ring.table.filter((at) => ring.members[at] === name).length);
  const requests = requestsOf(census, NAMES);
  const strays = census.answeredBy.filter((name, id) => name !== ring.ownerOfId(id)).length;
  printError(`  ${nameOf(way)}: ${requests.join(" / ")} of ${REQUESTS}`);
  const { faults } = census;
  return { way: nameOf(way), withIds, slots, requests, strays: withIds ? strays : 0, faults };
}

/** A group of bars for each way, a bar for each replica. */
function chartOf(data: readonly Distribution[]): NamedChart {
  const groups: readonly { label: string; requests: readonly number[] }[] = [
    { label: "the seed document says", requests: SEED_FIGURES.requests },
    ...data.map(({ way, withIds, requests }) => ({
      ...{ label: withIds ? way : `${way}, fresh ids`, requests },
    })),
  ];
  const series = NAMES.map((name, at) => ({
    ...{ name, type: "bar", barWidth: 13, barGap: "12%", color: REPLICA_COLOURS[at] },
    data: groups.map(({ requests }) => requests[at]),
    label: { show: true, position: "right", color: INK.text, fontSize: 11 },
  }));
  return {
    name: "a-1",
    alt: "Requests that each of three replicas answered, by layout and hash family",
    title: "A-1: the replicas that answer 10,000 requests",
    subtitle: "requests per replica, N = 3, M = 512, K = 9",
    legend: NAMES,
    left: 190,
    size: { width: 650, height: groups.length * 58 },
    panels: [{
      x: values({ max: 10_000, interval: 2000 }),
      y: categories(groups.map(({ label }) => label), { inverse: true }),
      series,
    }],
  };
}

function report(data: readonly Distribution[], chart: (name: string) => string): string {
  const strays = sum(data.map(({ strays }) => strays));
  const lost = sum(data.map(({ faults }) => faults.length));
  const lines = data.map(({ way, withIds, slots, requests }) => [
    ...[way, withIds ? "0 to 9999" : "fresh", slots.join(" / ")],
    ...sharesOf(requests),
  ]);
  const seed = ["*the seed document's own figures*", "", "", ...sharesOf(SEED_FIGURES.requests)];
  return [
    `One fleet of three for each layout and hash family. ${lost} requests were lost, and ${strays} were answered by another replica than a ring built in the bench says.`,
    tableOf(
      ["layout, hashes", "ids", "slots (computed)", "requests", "largest share", "deviation"],
      [seed, ...lines],
    ),
    chart("a-1"),
    claims(data),
  ].join("\n\n");
}

function sharesOf(requests: readonly number[]): string[] {
  const { max, deviation } = spreadOf(requests);
  return [requests.join(" / "), percent(max / sum(requests)), deviation.toFixed(0)];
}

/** Consequences of the seed's own formulas. */
function claims(data: readonly Distribution[]): string {
  const listOf = (way: string, key: "slots" | "requests") =>
    data.find((one) => one.way === way)?.[key] ?? [];
  const seedRing = ringOf({ layout: "ring", hashes: "seed", colour: "" }, NAMES);
  const taken = seedRing.virtualServers.map(({ slot }) => slot);
  const ids = Array.from({ length: REQUESTS }, (_, id) => id);
  const reached = new Set(ids.map((id) => hashFamilies.classic.request(id, SLOTS))).size;
  const [slots, requests] = [listOf("ring, seed", "slots"), listOf("ring, seed", "requests")];
  return `**Figures that the seed document's formulas cannot give.** It reports ${
    SEED_FIGURES.requests.join(" / ")
  }. With its formulas as printed, H(i) = i + 2i + 1 and Φ(i, j) = i + j + 2j + 25, M = 512, K = 9 and N = 3, the slots fall ${
    slots.join(" / ")
  }, and 10,000 requests ${
    requests.join(" / ")
  }. Φ adds the server's number to three times the index of the virtual server, so all ${taken.length} virtual servers lie side by side in the slots ${
    Math.min(...taken)
  } to ${
    Math.max(...taken)
  }. The first server of that stretch owns the whole rest of the circle, and H, which is 3i + 1, reaches all slots alike and so gives it ${
    percent(Math.max(...requests) / REQUESTS)
  } of the requests. No run of these formulas gives the reported figures.

With the exponents that the document seems to have lost (\`classic\`), H(i) = i² + 2i + 17 and Φ(i, j) = i² + j² + 2j + 25, it is ${
    listOf("ring, classic", "slots").join(" / ")
  } slots and ${
    listOf("ring, classic", "requests").join(" / ")
  } requests. H(i) is (i + 1)² + 16, and few numbers are squares modulo 512: requests reach ${reached} slots only. Φ is the sum of two squares but for a constant, so that virtual servers cluster, too; linear probing then makes clusters longer.

Shares as even as the reported ones need another placement: \`even\` gives them by construction, with any H that spreads ids, the seed's own included. That is why it is the default.`;
}
