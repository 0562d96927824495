/**
 * From the state of the replicas to what should be done about it.
 *
 * @module
 */
import type { Launch } from "../../engine/engine.ts";
import type { DrainDeadlines } from "../../view.ts";
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

/** One thing to do for one replica. Carrying it out ends in an event. */
export type Action =
  | { readonly type: "start"; readonly name: string; readonly launch: Launch }
  | {
    readonly type: "stop";
    readonly name: string;
    readonly id: string;
    readonly graceMs: number;
    /** Whether to ask first how it ended and what it wrote: it failed. */
    readonly collectOutput: boolean;
  }
  | {
    readonly type: "drain";
    readonly name: string;
    readonly id: string;
    readonly deadlines: DrainDeadlines;
  }
  | { readonly type: "rename"; readonly name: string; readonly id: string }
  /** Done at once, by the fleet itself: the instance becomes a retiring one. */
  | { readonly type: "replace"; readonly name: string; readonly id: string };

/** What the plan depends on beside the replicas. */
export interface Capacity {
  /** False while the engine cannot be reached: nothing is started or stopped then. */
  readonly engineUp: boolean;
  /** How many replacements may be started now. */
  readonly starts: number;
}

/**
 * What to do now. What stands in the way of a replica's start, it does not wait for: a dead
 * instance is cleared away beside the start of the next.
 *
 * @param members every replica and spare, desired or on its way out
 * @param now the present instant
 * @param policy the fleet's thresholds
 * @param capacity what can be done
 */
export function planActions(
  members: Iterable<Member>,
  now: number,
  policy: FleetPolicy,
  capacity: Capacity,
): Action[] {
  const actions: Action[] = [];
  const all = [...members];
  const healing = all.some((member) => isAwaited(member, now));
  let { starts } = capacity;
  for (const member of all) {
    for (const retiring of member.retiring) {
      const action = clearing(member, retiring, now, policy, capacity.engineUp);
      if (action) actions.push(action);
    }
    if (!capacity.engineUp || !policy.replaces || now < member.notBefore) continue;
    const action = actionFor(member);
    // A start takes the machine's time: who stands by does not take it from who is waited for.
    if (action?.type === "start" && member.spare && healing) continue;
    if (action?.type === "start" && isReplacement(member) && starts-- <= 0) continue;
    if (action) actions.push(action);
  }
  return actions;
}

/** Whether the member's next start replaces something. */
export function isReplacement(member: Member): boolean {
  return member.shortLives > 0 || member.restarts > 0;
}

function clearing(
  { name }: Member,
  { id, stage, graceMs, collectOutput, busy, notBefore }: RetiringInstance,
  now: number,
  policy: FleetPolicy,
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
  const { name, instance, template } = member;
  if (member.phase === "waiting" && !member.busy) {
    return {
      type: "start",
      name,
      launch: { name: launchName(member), spare: member.spare, template },
    };
  }
  if (!instance) return undefined;
  if (member.phase === "down" && member.mustReplace) {
    return { type: "replace", name, id: instance.id };
  }
  return member.naming === "due" ? { type: "rename", name, id: instance.id } : undefined;
}

/**
 * When time alone will change something for a replica.
 *
 * @param members every replica and spare
 * @param now the present instant; what is due by now is the plan's, not the clock's
 * @param policy the fleet's thresholds
 * @returns an instant, `Infinity` when nothing waits for the clock
 */
export function nextDeadline(members: Iterable<Member>, now: number, policy: FleetPolicy): number {
  let earliest = Infinity;
  for (const member of members) {
    for (const deadline of deadlinesOf(member, now, policy)) {
      if (deadline > now && deadline < earliest) earliest = deadline;
    }
  }
  return earliest;
}

function withoutProbes(member: Member, policy: FleetPolicy): number {
  if (member.phase === "ready") return member.unhealthy?.lookAt ?? Infinity;
  if (member.phase !== "down") return Infinity;
  if (!policy.replaces || member.missed === undefined) {
    return member.since + RETRY_WITHOUT_PROBES_MS;
  }
  return member.mustReplace ? Infinity : replaceAt(member, policy);
}

function deadlinesOf(member: Member, now: number, policy: FleetPolicy): number[] {
  const deadlines = member.retiring.map(({ notBefore }) => notBefore);
  if (!isLeaving(member)) deadlines.push(member.notBefore);
  if (member.phase === "warming") deadlines.push(member.since + policy.startTimeoutMs);
  if (inRing(member)) deadlines.push(awaitedUntil(member));
  deadlines.push(nextRampStep(member, now, policy.slowStartMs));
  if (!policy.probes) deadlines.push(withoutProbes(member, policy));
  return deadlines;
}
