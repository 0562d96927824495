/**
 * The ring that a plan would make, built here by the code that the balancer builds it with. Pure.
 *
 * @module
 */
import { Ring, type RingOptions } from "../../../ring/mod.ts";
import type { Status } from "../../answers/fleet.ts";
import type { Plan, RingTable } from "../../answers/ring.ts";
import type { Wish } from "./wish.ts";
import { type Move, movesBetween, readRuns } from "./ring_geometry.ts";

/**
 * Where on the circle a plan changes the owner.
 *
 * @param now the ring in force
 * @param status for the weights that were asked for
 * @param wish what the plan was asked for
 * @param plan what the balancer made of it
 * @returns undefined where what was built here is not the plan's ring, by its digest
 */
export function plannedMoves(
  now: RingTable,
  status: Status,
  wish: Wish,
  plan: Plan,
): Move[] | undefined {
  const after = plannedRing(status, wish, plan);
  if (after?.digest !== plan.after.digest) return undefined;
  const table = readRuns(now.runs).flatMap(({ owner, from, to }) =>
    new Array<number>(to - from).fill(owner)
  );
  return movesBetween({ members: now.members.map(({ name }) => name), table }, after);
}

function plannedRing({ replicas }: Status, wish: Wish, plan: Plan): Ring | undefined {
  const { slots, virtualServers, layout, hashes } = plan.after;
  const stay = replicas.filter(({ name, inRing }) => inRing && !plan.remove.includes(name));
  const members = [
    ...stay.map(({ name, weight }) => ({ name, weight: wish.weights?.[name] ?? weight })),
    ...plan.add.map((name) => ({ name, weight: wish.weights?.[name] ?? 1 })),
  ];
  try {
    return Ring.build({ members, slots, virtualServers, layout, hashes } as RingOptions);
  } catch (error) {
    // A layout or a hash family that this page does not know, being older than the balancer.
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}
