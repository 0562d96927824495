/**
 * Slow start: a new replica or a cold instance gets its load in steps. Pure.
 *
 * A replica that is new to the ring begins with a tenth of its weight, so that it gets its slots in
 * steps. An instance that takes over a name has its slots at once, because the ring does not change
 * with health; it begins with a tenth of its bound on requests in flight.
 *
 * @module
 */
import { inRing, type Member } from "./member.ts";

/** Number of equal steps of a slow start. The first one is 1/10 of the whole. */
const STEPS = 10;

/**
 * Returns the part of the whole at an instant.
 *
 * @param since when the slow start began, an instant in milliseconds; undefined for no slow start
 * @param now instant of the fleet's clock, in milliseconds
 * @param slowStartMs duration in milliseconds; 0 for no slow start
 * @returns from 1/10 to 1
 */
export function rampAt(since: number | undefined, now: number, slowStartMs: number): number {
  if (since === undefined || now >= since + slowStartMs) return 1;
  const steps = Math.floor((now - since) * STEPS / slowStartMs);
  return (STEPS + (STEPS - 1) * Math.max(0, steps)) / STEPS ** 2;
}

/**
 * Returns when the next step is due.
 *
 * @param since when the slow start began, an instant in milliseconds; undefined for no slow start
 * @param now instant of the fleet's clock, in milliseconds
 * @param slowStartMs duration in milliseconds; 0 for no slow start
 * @returns a whole number of milliseconds, or `Infinity` for never
 */
export function nextStep(since: number | undefined, now: number, slowStartMs: number): number {
  if (since === undefined || now >= since + slowStartMs) return Infinity;
  const steps = Math.floor((now - since) * STEPS / slowStartMs);
  return Math.ceil(since + (Math.max(0, steps) + 1) * slowStartMs / STEPS);
}

/**
 * Returns the part of its weight that each replica has on the ring. If all replicas are new, the
 * one that is furthest counts as the whole.
 *
 * @param members the replicas in the ring
 * @param now instant of the fleet's clock, in milliseconds
 * @param slowStartMs duration in milliseconds; 0 for no slow start
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
 * Marks the start of service. An instance that follows another one under the same name starts
 * slowly.
 *
 * @param member the member
 * @param now instant of the fleet's clock, in milliseconds
 */
export function startServing(member: Member, now: number): Member {
  return inRing(member) && member.served
    ? { ...member, loadRampSince: now }
    : { ...member, served: true };
}

/**
 * Returns when the passage of time changes the load of a member.
 *
 * @param member the member
 * @param now instant of the fleet's clock, in milliseconds
 * @param slowStartMs duration in milliseconds; 0 for no slow start
 * @returns an instant in milliseconds, or `Infinity` for never
 */
export function nextRampStep(member: Member, now: number, slowStartMs: number): number {
  if (!inRing(member)) return Infinity;
  const slots = member.weight > 0 ? nextStep(member.slotRampSince, now, slowStartMs) : Infinity;
  const load = member.phase === "ready"
    ? nextStep(member.loadRampSince, now, slowStartMs)
    : Infinity;
  return Math.min(slots, load);
}
