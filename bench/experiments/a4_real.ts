/**
 * A-4 with real fleets: the same 10,000 requests before and after a replica leaves or joins.
 *
 * @module
 */
import { complain } from "../../tools/print.ts";
import { type Census, movedBetween, requestsOf, takeCensus } from "./census.ts";
import { Fleet } from "./fleet.ts";
import { nameOf, ringOf, serverNames, type Way, WAYS } from "./layouts.ts";
import type { Room } from "./room.ts";
import { spreadOf } from "./statistics.ts";

/** A change of a fleet, and what came of it. */
export interface Change {
  readonly way: string;
  /** How many there were before the change. */
  readonly replicas: number;
  /** `return`: the one that left comes back; nothing may have moved since before it left. */
  readonly change: "leave" | "return" | "join";
  /** Ids of 10,000 that another replica answered than before. */
  readonly moved: number;
  /** Before the change: the most requests of a replica over the mean. */
  readonly maxOverMean: number;
  /** Ids that another replica answered than a ring built here says, after the change. */
  readonly strays: number;
  readonly lost: number;
}

const FEW = 10;
const MANY = 50;
/** With so many replicas 10,000 requests say little of ways that are lopsided with three. */
const ONLY_FEW: readonly string[] = ["classic", "seed"];

/** Every layout: changes at 10 replicas, and at 50. */
export async function measureChanges(room: Room): Promise<Change[]> {
  const found: Change[] = [];
  for (const way of WAYS) {
    await using fleet = await Fleet.start(room, { replicas: FEW, way });
    found.push(...await changesAt(fleet, way, FEW, room.signal));
    if (!ONLY_FEW.includes(way.hashes)) {
      // The last join has made it one more than FEW already.
      await fleet.add(serverNames(MANY).slice(FEW + 1));
      found.push(...await changesAt(fleet, way, MANY, room.signal));
    }
    const moved = found.filter((one) => one.way === nameOf(way)).map((one) => one.moved);
    complain(`  ${nameOf(way)}: moved ${moved.join(" / ")}`);
  }
  return found;
}

/** One from the middle leaves and comes back; then one more joins. */
async function changesAt(
  fleet: Fleet,
  way: Way,
  replicas: number,
  signal: AbortSignal,
): Promise<Change[]> {
  const names = serverNames(replicas);
  const leaver = `Server${replicas / 2}`;
  const rest = names.filter((name) => name !== leaver);
  const more = `Server${replicas + 1}`;
  const take = () => takeCensus(fleet.port, { withIds: true, signal });
  const whole = await take();
  const { maxOverMean } = spreadOf(requestsOf(whole, names));
  const note = (change: Change["change"], census: Census, members: readonly string[]): Change => {
    const ring = ringOf(way, members);
    return {
      ...{ way: nameOf(way), replicas, change, maxOverMean },
      moved: movedBetween(whole, census),
      strays: census.answeredBy.filter((name, id) => name !== ring.ownerOfId(id)).length,
      lost: census.faults.length,
    };
  };
  await fleet.remove([leaver]);
  const left = note("leave", await take(), rest);
  await fleet.add([leaver]);
  const back = note("return", await take(), names);
  await fleet.add([more]);
  return [left, back, note("join", await take(), [...names, more])];
}
