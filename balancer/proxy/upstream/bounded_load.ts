/**
 * Which replica takes a request by how much each of them has in flight: the decision alone, and the
 * numbers that it is made of. {@linkcode Places} does the same with counters that others change
 * meanwhile.
 *
 * @module
 */
import { loadCap, overflow } from "../../../ring/mod.ts";
import type { View } from "../../view.ts";

/** The bound of a replica that starts slowly, where the settings give none. */
const RAMP_BOUND = 1.25;

/** How much of all that is in flight a replica may have. */
export interface Allowance {
  /** How far above its share it may rise; `Infinity` is no bound. */
  readonly bound: number;
  /** Its share of the weights of all that are ready, from 0 to 1. */
  readonly share: number;
}

/** Of who may have anything. */
export const UNBOUNDED: Allowance = { bound: Infinity, share: 1 };

/**
 * What each ready replica may have. One that starts slowly counts with the part of its weight that
 * its ramp says, and what it must not have yet the others may: all caps together stay above all
 * requests, so that there is room somewhere whoever starts.
 *
 * @param view the view in force
 * @param bound the setting: 0 is none, and only replicas that start slowly have one then
 * @returns by name; {@linkcode UNBOUNDED} for whom it does not name
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

/** What part each ready replica has in the requests, and whether that is all that it will have. */
function readyParts({ ring, ready }: View) {
  return ring.options.members.flatMap(({ name, weight }) => {
    const upstream = ready.get(name);
    if (!upstream) return [];
    const { ramp = 1 } = upstream;
    // One of weight 0 is to have nothing, bound or not.
    return [{ name, part: weight * ramp, grown: ramp === 1 && weight > 0 }];
  });
}

/**
 * How much a replica may have in flight.
 *
 * @param allowance what it may have of all
 * @param inHand what all ready replicas have in flight, without the request to place
 */
export function capOf({ bound, share }: Allowance, inHand: number): number {
  return bound === Infinity ? Infinity : loadCap(bound, inHand, share);
}

/** How busy everybody is. */
export interface Loads {
  /** The setting `LB_LOAD_BOUND`; 0: none. */
  readonly bound: number;
  /** What a ready replica has in flight. */
  inFlight(name: string): number;
}

/** Who takes a request, and why. */
export interface LoadChoice {
  readonly name: string;
  /** What it has in flight, without this request. */
  readonly inFlight: number;
  /** What it may have; `Infinity`: anything. */
  readonly cap: number;
  /** Whether it is another one than was wanted. */
  readonly overflowed: boolean;
  /** Who had no room, in the order in which they were asked. */
  readonly passed: readonly string[];
}

/**
 * Chooses: whom the request wants, or where that has no room, the first of the key's overflow that
 * is ready and has. Where nobody has room, who was wanted takes it in spite of that.
 *
 * @param view the view in force
 * @param key the request's key
 * @param slot its slot
 * @param loads how busy everybody is
 * @param wanted whom the request wants: the owner, unless that is away
 * @returns undefined where who is wanted is not ready
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
