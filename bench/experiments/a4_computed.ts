/**
 * A-4 without a fleet: what the ring itself says.
 *
 * @module
 */
import type { Ring } from "../../ring/mod.ts";
import { REQUESTS } from "./census.ts";
import { nameOf, ringOf, serverNames, type Way, WAYS } from "./layouts.ts";
import { spreadOf } from "./statistics.ts";

/** A ring of some replicas, and the same with one less and one more. */
export interface Computed {
  readonly way: string;
  readonly replicas: number;
  /** Of the ids 0 to 9999. */
  readonly maxOverMean: number;
  /** The part of the ids that changes its owner when a replica leaves: the mean over who leaves. */
  readonly leave: number;
  /** The same when one more joins. */
  readonly join: number;
}

/** Numbers of replicas: up to the 50 that A-4 asks for. */
const FEWEST = 2;
const MOST = 50;

/** Every layout and hash family with every number of replicas. */
export function computeAll(): Computed[] {
  return WAYS.flatMap((way) => {
    const counts = Array.from({ length: MOST - FEWEST + 1 }, (_, at) => FEWEST + at);
    return counts.map((replicas) => compute(way, replicas));
  });
}

function compute(way: Way, replicas: number): Computed {
  const names = serverNames(replicas);
  const owners = ownersOf(ringOf(way, names));
  const without = names.map((leaver) =>
    movedShare(owners, ownersOf(ringOf(way, names.filter((name) => name !== leaver))))
  );
  const loads = names.map((name) => owners.filter((owner) => owner === name).length);
  return {
    way: nameOf(way),
    replicas,
    maxOverMean: spreadOf(loads).maxOverMean,
    leave: spreadOf(without).mean,
    join: movedShare(owners, ownersOf(ringOf(way, serverNames(replicas + 1)))),
  };
}

function ownersOf(ring: Ring): (string | undefined)[] {
  return Array.from({ length: REQUESTS }, (_, id) => ring.ownerOfId(id));
}

function movedShare(before: readonly unknown[], after: readonly unknown[]): number {
  return before.filter((owner, id) => owner !== after[id]).length / before.length;
}
