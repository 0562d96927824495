/**
 * The slow start: what is new or cold gets its load in steps. Pure.
 *
 * A replica that is new to the ring begins with a tenth of its weight, so that its slots come to it
 * in steps. An instance that inherits a name has its slots from the beginning, for the ring does
 * not change with health; it begins with a tenth of what it may have in flight.
 *
 * @module
 */
import { inRing, type Member } from "./member.ts";

/** A slow start begins with one part of so many, and comes to the whole in as many equal steps. */
const STEPS = 10;

/**
 * The part of the whole at a moment.
 *
 * @param since when the slow start began, milliseconds since the epoch; undefined for none
 * @param now the present instant
 * @param slowStartMs how long it takes; 0 for no slow start
 * @returns from 1/10 to 1
 */
export function rampAt(since: number | undefined, now: number, slowStartMs: number): number {
  if (since === undefined || now >= since + slowStartMs) return 1;
  const steps = Math.floor((now - since) * STEPS / slowStartMs);
  return (STEPS + (STEPS - 1) * Math.max(0, steps)) / STEPS ** 2;
}

/**
 * When the next step is due.
 *
 * @param since when the slow start began, milliseconds since the epoch; undefined for none
 * @param now the present instant
 * @param slowStartMs how long it takes; 0 for no slow start
 * @returns milliseconds since the epoch, a whole number; `Infinity` for never
 */
export function nextStep(since: number | undefined, now: number, slowStartMs: number): number {
  if (since === undefined || now >= since + slowStartMs) return Infinity;
  const steps = Math.floor((now - since) * STEPS / slowStartMs);
  return Math.ceil(since + (Math.max(0, steps) + 1) * slowStartMs / STEPS);
}

/**
 * The part of its weight that each member has on the ring. Where everybody is new, nobody is there
 * to spare anybody: whoever is furthest counts as the whole.
 *
 * @param members the replicas in the ring
 * @param now the present instant
 * @param slowStartMs how long a slow start takes; 0 for none
 */
export function ringRamps(
  members: readonly Member[],
  now: number,
  slowStartMs: number,
): ReadonlyMap<string, number> {
  const parts = members.map(({ name, weight, slotRampSince }) => ({
    name,
    weight,
    part: rampAt(slotRampSince, now, slowStartMs),
  }));
  const furthest = parts.reduce(
    (most, { weight, part }) => weight > 0 ? Math.max(most, part) : most,
    0,
  );
  return new Map(
    parts.map(({ name, part }) => [name, furthest > 0 ? Math.min(1, part / furthest) : 1]),
  );
}

/**
 * The member as its instance begins to serve under its name: slowly where another one did before.
 *
 * @param member the member
 * @param now the present instant
 */
export function startServing(member: Member, now: number): Member {
  return inRing(member) && member.served
    ? { ...member, loadRampSince: now }
    : { ...member, served: true };
}

/**
 * When time will change the load of a member.
 *
 * @param member the member
 * @param now the present instant
 * @param slowStartMs how long a slow start takes; 0 for none
 * @returns milliseconds since the epoch, `Infinity` for never
 */
export function nextRampStep(member: Member, now: number, slowStartMs: number): number {
  if (!inRing(member)) return Infinity;
  const slots = member.weight > 0 ? nextStep(member.slotRampSince, now, slowStartMs) : Infinity;
  const load = member.phase === "ready"
    ? nextStep(member.loadRampSince, now, slowStartMs)
    : Infinity;
  return Math.min(slots, load);
}
