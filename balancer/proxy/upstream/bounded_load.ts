/**
 * Chooses a replica by the load of each replica, and computes the load caps. Pure. {@linkcode
 * Admission} applies the same rules to counters that other workers change concurrently.
 *
 * @module
 */
import { loadCap, overflow } from "../../../ring/mod.ts";
import type { View } from "../../view.ts";

/** The load bound of replicas in slow start, if none is configured. */
const RAMP_BOUND = 1.25;

/** The part of all requests in flight that a replica may have. */
export interface Allowance {
  /** How far its load may rise above its share; `Infinity`: no bound. */
  readonly bound: number;
  /** Its share of the weights of all ready replicas, from 0 to 1. */
  readonly share: number;
}

/** The allowance of replicas without a bound. */
export const UNBOUNDED: Allowance = { bound: Infinity, share: 1 };

/**
 * Computes the allowance of each ready replica. A replica in slow start counts with the part of its
 * weight that its ramp allows, and the others may have the rest: the sum of all caps stays above
 * the number of requests, so that there is always room somewhere.
 *
 * @param view the view in force
 * @param bound the setting; 0: no bound, except for replicas in slow start
 * @returns allowances by name; {@linkcode UNBOUNDED} for replicas without an entry
 */
export function allowances(view: View, bound: number): ReadonlyMap<string, Allowance> {
  const allowed = new Map<string, Allowance>();
  const ramping = [...view.ready.values()].some(({ ramp = 1 }) => ramp < 1);
  if (bound === 0 && !ramping) return allowed;
  const parts = readyParts(view);
  const whole = parts.reduce((sum, { part }) => sum + part, 0);
  for (const { name, part, grown } of parts) {
    if (bound === 0 && grown) continue;
    const share = whole > 0 ? part / whole : 0;
    allowed.set(name, { bound: bound === 0 ? RAMP_BOUND : bound, share });
  }
  return allowed;
}

/** Each ready replica's current part of the requests, and whether its ramp is complete. */
function readyParts({ ring, ready }: View) {
  return ring.options.members.flatMap(({ name, weight }) => {
    const upstream = ready.get(name);
    if (!upstream) return [];
    const { ramp = 1 } = upstream;
    // A replica of weight 0 gets no requests, bound or not.
    return [{ name, part: weight * ramp, grown: ramp === 1 && weight > 0 }];
  });
}

/**
 * Returns the most requests that a replica may have in flight.
 *
 * @param allowance the replica's allowance
 * @param inHand requests in flight to all ready replicas, without the request to place
 */
export function capOf({ bound, share }: Allowance, inHand: number): number {
  return bound === Infinity ? Infinity : loadCap(bound, inHand, share);
}

/** The current load of the replicas. */
export interface Loads {
  /** The setting `LB_LOAD_BOUND`; 0: none. */
  readonly bound: number;
  /** Requests in flight to a ready replica. */
  inFlight(name: string): number;
}

/** The chosen replica, and the reason. */
export interface LoadChoice {
  readonly name: string;
  /** Its requests in flight, without this request. */
  readonly inFlight: number;
  /** Its cap; `Infinity`: no bound. */
  readonly cap: number;
  /** Whether it differs from the preferred replica. */
  readonly overflowed: boolean;
  /** Replicas without room, in the order in which they were checked. */
  readonly passed: readonly string[];
}

/**
 * Chooses the preferred replica or, if that has no room, the first ready replica of the key's
 * overflow order that has room. If no replica has room, the preferred replica takes the request
 * anyway.
 *
 * @param view the view in force
 * @param key the request's key
 * @param slot its slot
 * @param loads the current load of the replicas
 * @param wanted the preferred replica: the owner, unless that is away
 * @returns undefined if the preferred replica is not ready
 */
export function chooseByLoad(
  view: View,
  key: string,
  slot: number,
  loads: Loads,
  wanted: string | undefined = view.ring.members[view.ring.table[slot] ?? -1],
): LoadChoice | undefined {
  if (wanted === undefined || !view.ready.has(wanted)) return undefined;
  const look = loadsOf(view, loads);
  const passed: string[] = [];
  for (const name of new Set([wanted, ...overflow(view.ring, key, slot)])) {
    if (!view.ready.has(name)) continue;
    const { inFlight, cap } = look(name);
    if (inFlight < cap) return { name, inFlight, cap, overflowed: name !== wanted, passed };
    passed.push(name);
  }
  return { name: wanted, ...look(wanted), overflowed: false, passed };
}

function loadsOf(view: View, loads: Loads) {
  const allowed = allowances(view, loads.bound);
  let inHand = 0;
  for (const name of view.ready.keys()) inHand += loads.inFlight(name);
  return (name: string) => ({
    inFlight: loads.inFlight(name),
    cap: capOf(allowed.get(name) ?? UNBOUNDED, inHand),
  });
}
