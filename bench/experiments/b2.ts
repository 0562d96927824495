/**
 * B-2: a replica with a weight of its own.
 *
 * @module
 */
import { DEFAULT_SLOTS, MAX_SLOTS } from "../../ring/mod.ts";
import { complain } from "../../tools/print.ts";
import { ToolError } from "../../tools/tool.ts";
import { weightsReport } from "./b2_report.ts";
import { REQUESTS, requestsOf, takeCensus } from "./census.ts";
import { Fleet } from "./fleet.ts";
import { nameOf, serverNames, type Way, WAYS } from "./layouts.ts";
import type { Part } from "./part.ts";
import type { Room } from "./room.ts";

/** One layout with one weight. */
export interface Weighed {
  readonly way: string;
  readonly slots: number;
  /** What was done to get there. */
  readonly call: string;
  readonly replicas: readonly string[];
  readonly weights: readonly number[];
  readonly requests: readonly number[];
  readonly faults: readonly string[];
}

const OTHERS = serverNames(3);
const BIG = "Big";
const FIRST_WEIGHT = 3;
const LATER_WEIGHTS = [2, 0];

/** B-2. */
export const weights: Part<readonly Weighed[]> = {
  name: "B-2",
  title: "weights",
  measure,
  charts: () => [],
  rows: (data) =>
    data.flatMap(({ way, slots, call, replicas, weights, requests }) =>
      replicas.map((replica, at) => ({
        ...{ way, slots, call, replica, weight: weights[at] ?? NaN, requests: requests[at] ?? NaN },
      }))
    ),
  report: weightsReport,
};

/** Of the hash families the one that spreads ids and virtual servers best. */
async function measure(room: Room): Promise<Weighed[]> {
  const found: Weighed[] = [];
  const ways = WAYS.filter(({ hashes }) => hashes === "fibonacci");
  const turns = ways.map((way): [Way, number] => [way, DEFAULT_SLOTS]);
  // Shares that are left to chance come nearer to the weights the more slots there are.
  turns.push(...ways.filter(isByChance).map((way): [Way, number] => [way, MAX_SLOTS]));
  for (const [way, slots] of turns) {
    found.push(...await measureOne(room, way, slots));
    complain(
      `  ${nameOf(way)}, ${slots} slots: ${found.at(-3)?.requests.join(" / ")} of ${REQUESTS}`,
    );
  }
  return found;
}

function isByChance({ layout }: Way): boolean {
  return layout === "rendezvous";
}

async function measureOne(room: Room, way: Way, slots: number): Promise<Weighed[]> {
  const { signal } = room;
  await using fleet = await Fleet.start(room, {
    replicas: OTHERS.length,
    way,
    settings: { LB_SLOTS: String(slots) },
  });
  const replicas = [...OTHERS, BIG];
  const look = async (call: string, weight: number): Promise<Weighed> => {
    const census = await takeCensus(fleet.port, { withIds: true, signal });
    const weights = [...OTHERS.map(() => 1), weight];
    const requests = requestsOf(census, replicas);
    return { way: nameOf(way), slots, call, replicas, weights, requests, faults: census.faults };
  };
  await fleet.add([BIG], { [BIG]: FIRST_WEIGHT });
  const found = [await look("POST /add", FIRST_WEIGHT)];
  for (const weight of LATER_WEIGHTS) {
    const path = `/_lb/replicas/${BIG}`;
    const { status, text } = await fleet.call("PATCH", path, { weight });
    if (status !== 200) throw new ToolError(`PATCH ${path}: ${status} ${text}`);
    found.push(await look("PATCH /_lb/replicas/Big", weight));
  }
  return found;
}
