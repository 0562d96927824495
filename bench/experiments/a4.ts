/**
 * other hash functions and layouts, with up to 50 replicas, and the ids that move when one
 * leaves or joins.
 *
 * @module
 */
import { printError } from "../../tools/print.ts";
import type { BenchBalancer } from "../harness/balancer.ts";
import { spreadOf } from "../harness/statistics.ts";
import { movementCharts, movementReport } from "./a4_report.ts";
import type { Part } from "./part.ts";
import { type Census, movedBetween, REQUESTS, requestsOf, takeCensus } from "./requests.ts";
import { nameOf, ringOf, type Room, serverNames, startFleet, type Way, WAYS } from "./room.ts";

/** A ring of some replicas, and the same with one less and one more; computed. */
export interface Computed {
  readonly way: string;
  readonly replicas: number;
  /** Of the ids 0 to 9999. */
  readonly maxOverMean: number;
  /** Share of the ids that change their owner when a replica leaves: the mean over all that can. */
  readonly leave: number;
  /** The same when one more joins. */
  readonly join: number;
}

/** A change of a real fleet, and its effect. */
export interface Change {
  readonly way: string;
  /** Replicas before the change. */
  readonly replicas: number;
  /** `return`: the one that left comes back; nothing may have moved since before it left. */
  readonly change: "leave" | "return" | "join";
  /** Ids of 10,000 that another replica answered than before. */
  readonly moved: number;
  /** Before the change: the most requests of a replica over the mean. */
  readonly maxOverMean: number;
  /** Ids that were not answered by their owner in a ring built here, after the change. */
  readonly strays: number;
  readonly lost: number;
}

/** Calls at the limit of layout `ring`, and the balancer's answers. */
export interface Ceiling {
  readonly first: number;
  /** `POST /add` up to the most. */
  readonly reached: number;
  readonly reachedStatus: number;
  /** `POST /add` of one more. */
  readonly refusedStatus: number;
  readonly refusedMessage: string;
  /** Replicas in the status then: of any state, and ready. */
  readonly replicasAfter: number;
  readonly readyAfter: number;
  readonly sameDigest: boolean;
}

/** The data of A-4. */
export interface MovementData {
  readonly computed: readonly Computed[];
  readonly changes: readonly Change[];
  readonly ceiling: Ceiling;
}

const FEWEST = 2;
const FEW = 10;
/** As many replicas as A-4 asks for. */
const MANY = 50;
/** floor(512 / 9): the most that layout `ring` has room for. */
const MOST = 56;
/** With 50 replicas 10,000 requests print little of hashes that are lopsided with three. */
const ONLY_FEW: readonly string[] = ["classic", "seed"];

/** */
export const movement: Part<MovementData> = {
  name: "A-4",
  title: "other layouts and hashes, up to 50 replicas; moved keys; the ceiling",
  measure: async (room) => {
    const changes = await measureChanges(room);
    return { computed: WAYS.flatMap(computeAll), changes, ceiling: await askCeiling(room) };
  },
  charts: movementCharts,
  rows: ({ computed, changes }) => [
    ...computed.map((one) => ({ figures: "computed", change: "", moved: NaN, ...one })),
    ...changes.map(({ way, replicas, change, moved, maxOverMean }) => ({
      ...{ figures: "real", change, moved, way, replicas, maxOverMean, leave: NaN, join: NaN },
    })),
  ],
  report: movementReport,
};

function computeAll(way: Way): Computed[] {
  const counts = Array.from({ length: MANY - FEWEST + 1 }, (_, at) => FEWEST + at);
  return counts.map((replicas) => compute(way, replicas));
}

function compute(way: Way, replicas: number): Computed {
  const names = serverNames(replicas);
  const owners = ownersOf(way, names);
  const leave = names.map((leaver) =>
    movedShare(owners, ownersOf(way, names.filter((name) => name !== leaver)))
  );
  const loads = names.map((name) => owners.filter((owner) => owner === name).length);
  return {
    way: nameOf(way),
    replicas,
    maxOverMean: spreadOf(loads).maxOverMean,
    leave: spreadOf(leave).mean,
    join: movedShare(owners, ownersOf(way, serverNames(replicas + 1))),
  };
}

function ownersOf(way: Way, names: readonly string[]): (string | undefined)[] {
  const ring = ringOf(way, names);
  return Array.from({ length: REQUESTS }, (_, id) => ring.ownerOfId(id));
}

function movedShare(before: readonly unknown[], after: readonly unknown[]): number {
  return before.filter((owner, id) => owner !== after[id]).length / before.length;
}

/** Every layout: changes at 10 replicas, and at 50. */
async function measureChanges(room: Room): Promise<Change[]> {
  const found: Change[] = [];
  for (const way of WAYS) {
    await using fleet = await startFleet(room, { replicas: FEW, way });
    found.push(...await changesAt(fleet, way, FEW, room.signal));
    if (!ONLY_FEW.includes(way.hashes)) {
      // The last join has made it one more than FEW already.
      await fleet.add(serverNames(MANY).slice(FEW + 1));
      found.push(...await changesAt(fleet, way, MANY, room.signal));
    }
    const moved = found.filter((one) => one.way === nameOf(way)).map((one) => one.moved);
    printError(`  ${nameOf(way)}: moved ${moved.join(" / ")}`);
  }
  return found;
}

/** One from the middle leaves and comes back; then one more joins. */
async function changesAt(
  fleet: BenchBalancer,
  way: Way,
  replicas: number,
  signal: AbortSignal,
): Promise<Change[]> {
  const names = serverNames(replicas);
  const leaver = `Server${replicas / 2}`;
  const newcomer = `Server${replicas + 1}`;
  const take = () => takeCensus(fleet.port, signal);
  const before = await take();
  const { maxOverMean } = spreadOf(requestsOf(before, names));
  const note = (change: Change["change"], census: Census, members: readonly string[]): Change => {
    const ring = ringOf(way, members);
    return {
      ...{ way: nameOf(way), replicas, change, maxOverMean },
      moved: movedBetween(before, census),
      strays: census.answeredBy.filter((name, id) => name !== ring.ownerOfId(id)).length,
      lost: census.faults.length,
    };
  };
  await fleet.remove([leaver]);
  const left = note("leave", await take(), names.filter((name) => name !== leaver));
  await fleet.add([leaver]);
  const back = note("return", await take(), names);
  await fleet.add([newcomer]);
  return [left, back, note("join", await take(), [...names, newcomer])];
}

/** Adds replicas to a fleet in layout `ring` up to its limit, and one more. */
async function askCeiling(room: Room): Promise<Ceiling> {
  const way = WAYS.find(({ layout, hashes }) => layout === "ring" && hashes === "hashed") as Way;
  await using fleet = await startFleet(room, { replicas: MANY, way });
  const reached = await fleet.call("POST", "/add", { n: MOST - MANY });
  const before = await fleet.status();
  const refused = await fleet.call("POST", "/add", { n: 1 });
  const after = await fleet.status();
  return {
    first: MANY,
    reached: MOST,
    reachedStatus: reached.status,
    refusedStatus: refused.status,
    refusedMessage: JSON.parse(refused.text).message,
    replicasAfter: after?.replicas.length ?? NaN,
    readyAfter: after?.ready ?? NaN,
    sameDigest: before !== undefined && before.digest === after?.digest,
  };
}
