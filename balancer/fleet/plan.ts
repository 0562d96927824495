/**
 * From the state of the replicas to what should be done about it.
 *
 * @module
 */
import type { Member } from "./member.ts";
import { type FleetPolicy, RETRY_WITHOUT_PROBES_MS } from "./policy.ts";

/** One thing to do for one replica. Carrying it out ends in an event. */
export type Action =
  | { readonly type: "start"; readonly name: string }
  | { readonly type: "stop"; readonly name: string; readonly id: string; readonly graceMs: number }
  | {
    readonly type: "drain";
    readonly name: string;
    readonly id: string;
    readonly deadlineMs: number;
  };

/**
 * What to do now.
 *
 * @param members every replica, desired or on its way out
 * @param now milliseconds since the epoch
 * @param policy the fleet's thresholds
 * @param engineUp false while the engine cannot be reached: nothing is started or stopped then
 */
export function plan(
  members: Iterable<Member>,
  now: number,
  policy: FleetPolicy,
  engineUp: boolean,
): Action[] {
  const actions: Action[] = [];
  for (const member of members) {
    const action = actionFor(member, now, policy, engineUp);
    if (action) actions.push(action);
  }
  return actions;
}

function actionFor(
  member: Member,
  now: number,
  policy: FleetPolicy,
  engineUp: boolean,
): Action | undefined {
  if (member.busy) return undefined;
  const { name, instance } = member;
  if (member.phase === "draining" && instance) {
    return { type: "drain", name, id: instance.id, deadlineMs: policy.drainMs };
  }
  if (!engineUp || !policy.replaces || now < member.notBefore) return undefined;
  if (member.phase === "waiting") return { type: "start", name };
  if (!instance) return undefined;
  // A hung instance does not heed SIGTERM, and its requests wait for the replacement.
  if (member.phase === "down" && policy.probes) {
    return { type: "stop", name, id: instance.id, graceMs: 0 };
  }
  if (member.phase === "retiring") {
    return { type: "stop", name, id: instance.id, graceMs: policy.stopGraceMs };
  }
  return undefined;
}

/**
 * When time alone will change something for a replica.
 *
 * @param members every replica
 * @param now milliseconds since the epoch; what is due by now is the plan's, not the clock's
 * @param policy the fleet's thresholds
 * @returns milliseconds since the epoch, `Infinity` when nothing waits for the clock
 */
export function nextDeadline(members: Iterable<Member>, now: number, policy: FleetPolicy): number {
  let earliest = Infinity;
  for (const member of members) {
    const deadline = deadlineOf(member, policy);
    if (deadline > now && deadline < earliest) earliest = deadline;
  }
  return earliest;
}

function deadlineOf(member: Member, policy: FleetPolicy): number {
  if (member.busy) return Infinity;
  switch (member.phase) {
    case "waiting":
    case "retiring":
      return member.notBefore;
    case "warming":
      return member.since + policy.startTimeoutMs;
    case "down":
      return policy.probes ? member.notBefore : member.since + RETRY_WITHOUT_PROBES_MS;
    default:
      return Infinity;
  }
}
