/**
 * Computes the actions that bring the observed fleet closer to the desired one.
 *
 * Pure: no I/O, no timers. The reconciler starts the actions; each one ends in an event.
 *
 * @module
 */
import type { Launch } from "../../engine/engine.ts";
import type { DrainDeadlines } from "../../view.ts";
import type { Context } from "../member/context.ts";
import {
  awaitedUntil,
  inRing,
  isAwaited,
  isLeaving,
  launchName,
  type Member,
  type RetiringInstance,
} from "../member/member.ts";
import { type FleetPolicy, RETRY_WITHOUT_PROBES_MS } from "../member/policy.ts";
import { nextRampStep } from "../member/slow_start.ts";
import { replaceAt } from "../member/verdicts.ts";

/** One operation of the engine or the data plane for one member. */
export type Action =
  | { readonly type: "start"; readonly name: string; readonly launch: Launch }
  | {
    readonly type: "stop";
    readonly name: string;
    readonly id: string;
    /** Time between SIGTERM and SIGKILL, in milliseconds. */
    readonly graceMs: number;
    /** Collect the exit and the last log lines first. Set for instances that failed. */
    readonly collectOutput: boolean;
  }
  | {
    readonly type: "drain";
    readonly name: string;
    readonly id: string;
    readonly deadlines: DrainDeadlines;
  }
  | { readonly type: "rename"; readonly name: string; readonly id: string };

/** Limits on what may be done now. */
export interface Capacity {
  /** False while the engine is unreachable; nothing is started or stopped then. */
  readonly engineUp: boolean;
  /** Replacements that the start budget still allows. */
  readonly starts: number;
}

/**
 * Returns the actions that are due now.
 *
 * A dead instance is removed in parallel with the start of its replacement; neither waits for the
 * other.
 *
 * @param members replicas and spares, including those that leave the fleet
 * @param context present instant and policy
 * @param capacity limits on engine actions and starts
 */
export function planActions(
  members: Iterable<Member>,
  context: Context,
  capacity: Capacity,
): Action[] {
  const actions: Action[] = [];
  const all = [...members];
  const { now, policy } = context;
  const healing = all.some((member) => isAwaited(member, now));
  let { starts } = capacity;
  for (const member of all) {
    for (const instance of member.retiring) {
      const action = retireAction(member, instance, context, capacity.engineUp);
      if (action) actions.push(action);
    }
    if (!capacity.engineUp || !policy.replaces || now < member.notBefore) continue;
    const action = actionFor(member);
    // Don't start spares while a replica is healing: starts compete for CPU.
    if (action?.type === "start" && member.spare && healing) continue;
    if (action?.type === "start" && isReplacement(member) && starts-- <= 0) continue;
    if (action) actions.push(action);
  }
  return actions;
}

/** Reports whether the member's next start replaces an earlier instance. */
export function isReplacement(member: Member): boolean {
  return member.shortLives > 0 || member.restarts > 0;
}

function retireAction(
  { name }: Member,
  { id, stage, graceMs, collectOutput, busy, notBefore }: RetiringInstance,
  { now, policy }: Context,
  engineUp: boolean,
): Action | undefined {
  if (busy) return undefined;
  if (stage === "drain") {
    const deadlines = { requestsMs: policy.drainMs, streamsMs: policy.drainStreamsMs };
    return { type: "drain", name, id, deadlines };
  }
  if (!engineUp || now < notBefore) return undefined;
  return { type: "stop", name, id, graceMs, collectOutput };
}

function actionFor(member: Member): Action | undefined {
  const { name, phase, spare, instance, template } = member;
  if (phase === "waiting" && !member.busy) {
    return { type: "start", name, launch: { name: launchName(member), spare, template } };
  }
  const replaced = phase === "down" && member.mustReplace;
  if (!instance || replaced || member.naming !== "due") return undefined;
  return { type: "rename", name, id: instance.id };
}

/**
 * Returns when the passage of time alone will change something for a member.
 *
 * @param members replicas and spares
 * @param context present instant and policy; deadlines up to `now` are already due and not counted
 * @returns an instant of the fleet's clock in milliseconds, or `Infinity` if nothing is scheduled
 */
export function nextDeadline(members: Iterable<Member>, context: Context): number {
  let earliest = Infinity;
  for (const member of members) {
    for (const deadline of deadlinesOf(member, context)) {
      if (deadline > context.now && deadline < earliest) earliest = deadline;
    }
  }
  return earliest;
}

function deadlinesOf(member: Member, { now, policy }: Context): number[] {
  const deadlines = member.retiring.map(({ notBefore }) => notBefore);
  if (!isLeaving(member)) deadlines.push(member.notBefore);
  if (member.phase === "warming") deadlines.push(member.since + policy.startTimeoutMs);
  if (inRing(member)) deadlines.push(awaitedUntil(member));
  deadlines.push(nextRampStep(member, now, policy.slowStartMs));
  if (!policy.probes) deadlines.push(deadlineWithoutProbes(member, policy));
  return deadlines;
}

function deadlineWithoutProbes(member: Member, policy: FleetPolicy): number {
  if (member.phase === "ready") return member.unhealthy?.lookAt ?? Infinity;
  if (member.phase !== "down") return Infinity;
  if (!policy.replaces || member.missed === undefined) {
    return member.since + RETRY_WITHOUT_PROBES_MS;
  }
  return member.mustReplace ? Infinity : replaceAt(member, policy);
}
