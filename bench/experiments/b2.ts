/**
 * B-2: a replica with a weight of its own.
 *
 * @module
 */
import { DEFAULT_SLOTS, MAX_SLOTS } from "../../ring/mod.ts";
import { printError } from "../../tools/print.ts";
import { sum } from "../harness/statistics.ts";
import { percent, tableOf, whole } from "../harness/table.ts";
import type { Part } from "./part.ts";
import { REQUESTS, requestsOf, takeCensus } from "./requests.ts";
import { nameOf, type Room, serverNames, startFleet, type Way, WAYS } from "./room.ts";

/** One layout with one weight. */
interface Weighed {
  readonly way: string;
  readonly slots: number;
  /** The call that set the weight. */
  readonly call: string;
  readonly replicas: readonly string[];
  readonly weights: readonly number[];
  readonly requests: readonly number[];
  readonly faults: readonly string[];
}

const OTHERS = serverNames(3);
const BIG = "Big";
const REPLICAS = [...OTHERS, BIG];
const FIRST_WEIGHT = 3;
const LATER_WEIGHTS = [2, 0];

/** B-2. */
export const weights: Part<readonly Weighed[]> = {
  name: "B-2",
  title: "weights",
  measure,
  rows: (data) =>
    data.flatMap(({ way, slots, call, replicas, weights, requests }) =>
      replicas.map((replica, at) => ({
        ...{ way, slots, call, replica, weight: weights[at] ?? NaN, requests: requests[at] ?? NaN },
      }))
    ),
  report,
};

/** With the hash family that spreads ids and virtual servers best. */
async function measure(room: Room): Promise<Weighed[]> {
  const found: Weighed[] = [];
  const ways = WAYS.filter(({ hashes }) => hashes === "fibonacci");
  // Shares that are left to chance come nearer to the weights the more slots there are.
  const byChance = ways.filter(({ layout }) => layout === "rendezvous");
  const runs = [
    ...ways.map((way) => ({ way, slots: DEFAULT_SLOTS })),
    ...byChance.map((way) => ({ way, slots: MAX_SLOTS })),
  ];
  for (const { way, slots } of runs) {
    found.push(...await measureOne(room, way, slots));
    const requests = found.at(-3)?.requests.join(" / ");
    printError(`  ${nameOf(way)}, ${slots} slots: ${requests} of ${REQUESTS}`);
  }
  return found;
}

async function measureOne(room: Room, way: Way, slots: number): Promise<Weighed[]> {
  const settings = { LB_SLOTS: String(slots) };
  await using fleet = await startFleet(room, { replicas: OTHERS.length, way, settings });
  const look = async (call: string, weight: number): Promise<Weighed> => {
    const census = await takeCensus(fleet.port, room.signal);
    const weights = [...OTHERS.map(() => 1), weight];
    const requests = requestsOf(census, REPLICAS);
    const { faults } = census;
    return { way: nameOf(way), slots, call, replicas: REPLICAS, weights, requests, faults };
  };
  await fleet.add([BIG], { [BIG]: FIRST_WEIGHT });
  const found = [await look("POST /add", FIRST_WEIGHT)];
  for (const weight of LATER_WEIGHTS) {
    await fleet.request("PATCH", `/_lb/replicas/${BIG}`, { weight });
    found.push(await look("PATCH /_lb/replicas/Big", weight));
  }
  return found;
}

const COLUMNS = [
  ...["layout, hashes", "slots", "call", "weights", "requests"],
  ...["Big's share", "by its weight", "worst error"],
];

function report(data: readonly Weighed[]): string {
  const lost = sum(data.map(({ faults }) => faults.length));
  return [
    `Three replicas of weight 1; \`POST /add {"n":1,"hostnames":["Big"],"weights":{"Big":3}}\` brings a fourth, whose weight is changed while it serves by \`PATCH /_lb/replicas/Big\`; 0 drains it. The ids 0 to 9999 each time. ${lost} requests were lost.`,
    tableOf(COLUMNS, data.map(rowOf)),
    `\`even\` gives shares by count. In \`rendezvous\` chance gives them out, slot by slot: of 512 slots a half is then off by ${
      percent(deviation(512))
    } (one standard deviation), of 65,536 by ${
      percent(deviation(65_536))
    }. Virtual servers leave more to chance than slots do, as there are fewer of them.`,
  ].join("\n\n");
}

/** Standard deviation of the share of slots that each go one way or the other by chance. */
function deviation(slots: number): number {
  return Math.sqrt(0.25 / slots);
}

function rowOf({ way, slots, call, replicas, weights, requests }: Weighed): string[] {
  const [all, weight] = [sum(requests), sum(weights)];
  const share = (at: number) => (requests[at] ?? NaN) / all;
  const due = (at: number) => (weights[at] ?? NaN) / weight;
  const errors = replicas.map((_, at) => Math.abs(share(at) - due(at)));
  const last = replicas.length - 1;
  return [
    ...[way, whole(slots), `\`${call}\``, weights.join(" / "), requests.join(" / ")],
    ...[percent(share(last)), percent(due(last)), percent(Math.max(...errors), 2)],
  ];
}
