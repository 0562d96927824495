/**
 * Steps of a member from one phase to another. Pure, like the rest of `transition`.
 *
 * @module
 */
import type { Context } from "./context.ts";
import type { Member, MemberError, Phase } from "./member.ts";
import { healthySpell, startDelay } from "./policy.ts";
import { retire, withoutInstanceFacts } from "./retiring_instance.ts";
import { startServing } from "./slow_start.ts";

/** Enters a phase. Returns the same object if the member is in that phase already. */
export function enterPhase(member: Member, phase: Phase, now: number): Member {
  return member.phase === phase ? member : { ...member, phase, since: now };
}

/** Sets the member's last error, with the id of its present instance. */
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

/** Makes the member ready. */
export function becomeReady(member: Member, now: number): Member {
  const { mustReplace: _, missed: _missed, ...well } = member;
  return enterPhase(startServing({ ...well, proven: true, failedStarts: 0 }, now), "ready", now);
}

/** Resets the count of short lives if the member has been ready for a healthy spell. */
export function forgiveShortLives(member: Member, { now, policy }: Context): Member {
  const spell = healthySpell(member.shortLives, policy);
  const healthy = member.phase === "ready" && now - member.since >= spell;
  return healthy ? { ...member, shortLives: 0 } : member;
}

/**
 * Takes the member out of the view. With probes its instance must be replaced; without probes the
 * balancer tries to connect to it again first.
 */
export function takeDown(member: Member, reason: string, context: Context): Member {
  const { now, policy } = context;
  const failed = withError(forgiveShortLives(member, context), reason, now);
  const fallen = { ...failed, suspect: false, passes: 0, notBefore: now };
  return enterPhase(policy.probes ? { ...fallen, mustReplace: true } : fallen, "down", now);
}

/** Records a failed start and its number in the present row of failed starts. */
export function withStartFailure(
  member: Member,
  message: string,
  now: number,
  facts: Partial<MemberError> = {},
): Member {
  const failedStarts = member.failedStarts + 1;
  return { ...withError(member, message, now, { ...facts, attempt: failedStarts }), failedStarts };
}

/**
 * Retires the member's instance. The next start is due at once, or later after short lives.
 *
 * @param suspectMachine its machine, if the instance failed and may not have ended
 */
export function toWaiting(
  member: Member,
  { now, policy }: Context,
  suspectMachine?: string,
): Member {
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
  // No grace: a hung instance ignores SIGTERM, and its requests wait for the replacement.
  const retired = retire(over, { stage: "stop", graceMs: 0, failed: true, suspectMachine }, now);
  return enterPhase(withoutInstanceFacts(retired), "waiting", now);
}

/**
 * Reports whether the member's instance has to be replaced now.
 *
 * @param member the member
 * @param context present instant and policy
 */
export function isReplaceable(member: Member, { now, policy }: Context): boolean {
  return policy.replaces && member.phase === "down" && member.mustReplace === true &&
    member.instance !== undefined && now >= member.notBefore;
}
