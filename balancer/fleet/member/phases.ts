/**
 * The steps of a replica from one phase to another. Pure, like the rest of `transition`.
 *
 * @module
 */
import { retire, withoutInstance } from "./retiring_instance.ts";
import type { Member, MemberError, Phase } from "./member.ts";
import { type FleetPolicy, healthySpell, startDelay } from "./policy.ts";
import { startServing } from "./slow_start.ts";

/** The member in a phase; the same where it is there already. */
export function enterPhase(member: Member, phase: Phase, now: number): Member {
  return member.phase === phase ? member : { ...member, phase, since: now };
}

/** The member with the facts about a failure and the instance that it happened to. */
export function withError(
  member: Member,
  message: string,
  now: number,
  facts: Partial<MemberError> = {},
): Member {
  const { instance } = member;
  const error: MemberError = { at: now, message, ...facts };
  return { ...member, lastError: instance ? { ...error, instance: instance.id } : error };
}

/** The member as it begins to take requests. */
export function becomeReady(member: Member, now: number): Member {
  const { mustReplace: _, missed: _missed, ...well } = member;
  return enterPhase(startServing({ ...well, proven: true, failedStarts: 0 }, now), "ready", now);
}

/** The member without the count of short lives where it was ready for long enough. */
export function forgiveShortLives(member: Member, now: number, policy: FleetPolicy): Member {
  const spell = healthySpell(member.shortLives, policy);
  const healthy = member.phase === "ready" && now - member.since >= spell;
  return healthy ? { ...member, shortLives: 0 } : member;
}

/** The member out of the view: to be replaced, or, without probes, to be tried again first. */
export function takeDown(member: Member, reason: string, now: number, policy: FleetPolicy): Member {
  const failed = withError(forgiveShortLives(member, now, policy), reason, now);
  const fallen = { ...failed, suspect: false, passes: 0, notBefore: now };
  return enterPhase(policy.probes ? { ...fallen, mustReplace: true } : fallen, "down", now);
}

/** The member whose start failed, with which start in a row that was. */
export function withStartFailure(
  member: Member,
  message: string,
  now: number,
  facts: Partial<MemberError> = {},
): Member {
  const failedStarts = member.failedStarts + 1;
  return { ...withError(member, message, now, { ...facts, attempt: failedStarts }), failedStarts };
}

/** The end of a life: the next one starts at once, or later where lives have been short. */
export function toWaiting(member: Member, now: number, policy: FleetPolicy): Member {
  const shortLives = member.shortLives + 1;
  const seed = member.instance?.id ?? member.name;
  const over = {
    ...member,
    busy: false,
    suspect: false,
    misses: 0,
    passes: 0,
    restarts: member.restarts + (member.instance ? 1 : 0),
    shortLives,
    notBefore: now + startDelay(shortLives, seed, policy),
  };
  // A hung instance does not heed SIGTERM, and its requests wait for the replacement.
  const retired = retire(over, { stage: "stop", graceMs: 0, failed: true }, now);
  return enterPhase(withoutInstance(retired), "waiting", now);
}
