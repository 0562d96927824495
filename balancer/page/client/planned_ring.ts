/**
 * The ring of a plan, built with the balancer's own code. Pure.
 *
 * @module
 */
import { Ring, type RingOptions } from "../../../ring/mod.ts";
import type { Status } from "../../answers/fleet.ts";
import type { Plan, RingTable } from "../../answers/ring.ts";
import type { ChangeRequest } from "./change_request.ts";
import { type Move, movesBetween, readRuns } from "./ring_geometry.ts";

/**
 * Returns the parts of the circle whose owner a plan changes.
 *
 * @param now the ring in force
 * @param status the fleet's status, for the configured weights
 * @param request the change that the plan is for
 * @param plan the balancer's plan
 * @returns undefined if the digest of the ring built here differs from the plan's
 */
export function plannedMoves(
  now: RingTable,
  status: Status,
  request: ChangeRequest,
  plan: Plan,
): Move[] | undefined {
  const after = plannedRing(status, request, plan);
  if (after?.digest !== plan.after.digest) return undefined;
  const table = readRuns(now.runs).flatMap(({ owner, from, to }) =>
    new Array<number>(to - from).fill(owner)
  );
  return movesBetween({ members: now.members.map(({ name }) => name), table }, after);
}

function plannedRing({ replicas }: Status, request: ChangeRequest, plan: Plan): Ring | undefined {
  const { slots, virtualServers, layout, hashes } = plan.after;
  const stay = replicas.filter(({ name, inRing }) => inRing && !plan.remove.includes(name));
  const members = [
    ...stay.map(({ name, weight }) => ({ name, weight: request.weights?.[name] ?? weight })),
    ...plan.add.map((name) => ({ name, weight: request.weights?.[name] ?? 1 })),
  ];
  try {
    return Ring.build({ members, slots, virtualServers, layout, hashes } as RingOptions);
  } catch (error) {
    // A layout or a hash family that this page, which is older than the balancer, does not know.
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}
