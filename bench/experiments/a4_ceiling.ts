/**
 * how many replicas a ring of 512 slots with 9 virtual servers each can have.
 *
 * @module
 */
import { Fleet } from "./fleet.ts";
import { type Way, WAYS } from "./layouts.ts";
import type { Room } from "./room.ts";

/** What was asked, and what the balancer answered. */
export interface Ceiling {
  readonly first: number;
  /** `POST /add` up to the most. */
  readonly reached: number;
  readonly reachedStatus: number;
  /** `POST /add` of one more. */
  readonly refusedStatus: number;
  readonly refusedMessage: string;
  /** What the status shows then: replicas of any state, and those that are ready. */
  readonly replicasAfter: number;
  readonly readyAfter: number;
  readonly sameDigest: boolean;
}

const FIRST = 50;
/** floor(512 / 9). */
const MOST = 56;

/** Asks a real fleet in layout `ring`. */
export async function askCeiling(room: Room): Promise<Ceiling> {
  const way = WAYS.find(({ layout, hashes }) => layout === "ring" && hashes === "hashed") as Way;
  await using fleet = await Fleet.start(room, { replicas: FIRST, way });
  const reached = await fleet.call("POST", "/add", { n: MOST - FIRST });
  const before = await fleet.status();
  const refused = await fleet.call("POST", "/add", { n: 1 });
  const after = await fleet.status();
  return {
    first: FIRST,
    reached: MOST,
    reachedStatus: reached.status,
    refusedStatus: refused.status,
    refusedMessage: JSON.parse(refused.text).message,
    replicasAfter: after.replicas.length,
    readyAfter: after.ready,
    sameDigest: before.digest === after.digest,
  };
}
