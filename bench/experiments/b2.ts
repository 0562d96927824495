/**
 * B-2: a replica with a weight of its own.
 *
 * @module
 */
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
    data.flatMap(({ way, call, replicas, weights, requests }) =>
      replicas.map((replica, at) => ({
        ...{ way, call, replica, weight: weights[at] ?? NaN, requests: requests[at] ?? NaN },
      }))
    ),
  report: weightsReport,
};

/** Of the hash families the one that spreads ids and virtual servers best. */
async function measure(room: Room): Promise<Weighed[]> {
  const found: Weighed[] = [];
  for (const way of WAYS.filter(({ hashes }) => hashes === "fibonacci")) {
    found.push(...await measureOne(room, way));
    complain(`  ${nameOf(way)}: ${found.at(-3)?.requests.join(" / ")} of ${REQUESTS}`);
  }
  return found;
}

async function measureOne(room: Room, way: Way): Promise<Weighed[]> {
  const { signal } = room;
  await using fleet = await Fleet.start(room, { replicas: OTHERS.length, way });
  const replicas = [...OTHERS, BIG];
  const look = async (call: string, weight: number): Promise<Weighed> => {
    const census = await takeCensus(fleet.port, { withIds: true, signal });
    const weights = [...OTHERS.map(() => 1), weight];
    const requests = requestsOf(census, replicas);
    return { way: nameOf(way), call, replicas, weights, requests, faults: census.faults };
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
