/**
 * Decides whether a running instance is healthy, from heartbeats, connections of the data plane,
 * the engine's own health check, and time. Pure, like the rest of `transition`.
 *
 * @module
 */
import type { Evidence } from "../../view.ts";
import type { Context } from "./context.ts";
import type { Member } from "./member.ts";
import { becomeReady, enterPhase, takeDown, withError, withStartFailure } from "./phases.ts";
import { FAILING_MS, type FleetPolicy, RETRY_WITHOUT_PROBES_MS } from "./policy.ts";

/**
 * Applies the result of a heartbeat, or, without probes, of an attempt to connect.
 *
 * @param member the member
 * @param missed why the heartbeat failed; undefined if it passed
 * @param mayEject false if too few other replicas are ready for a heartbeat alone to remove this
 *   one from the view
 * @param context present instant and policy
 */
export function onProbe(
  member: Member,
  missed: string | undefined,
  mayEject: boolean,
  context: Context,
): Member {
  const { now, policy } = context;
  if (!policy.probes) return onConnect(member, missed, now);
  // A service can answer heartbeats and still fail its image's own health check.
  const reason = missed === undefined ? member.unhealthy?.reason : `heartbeat: ${missed}`;
  if (reason === undefined) return onPass(member, context);
  const misses = member.misses + 1;
  const failed = { ...member, passes: 0, misses, missed: missed ?? reason };
  // A spare has answered before: one that stands in and does not answer is dead, not starting.
  const deadSpare = member.phase === "warming" && member.proven && misses >= policy.downAfter;
  if (deadSpare) return takeDown(failed, reason, context);
  if (member.phase === "warming") return failed;
  const recorded = withError(failed, reason, now);
  const decides = member.suspect || misses >= policy.downAfter;
  if (member.phase !== "ready" || !decides || !mayEject) return recorded;
  return takeDown(recorded, reason, context);
}

function onPass(member: Member, { now, policy }: Context): Member {
  // The common case, without a new object: a thousand replicas send many heartbeats.
  if (member.phase === "ready" && isWell(member)) return member;
  const passes = member.passes + 1;
  const returns = member.phase === "warming" || member.phase === "down";
  const well = { ...member, reached: true, suspect: false, misses: 0, passes };
  return returns && passes >= policy.upAfter ? becomeReady(well, now) : well;
}

/** Reports whether another passed heartbeat changes nothing. */
function isWell({ reached, suspect, misses, passes }: Member): boolean {
  return reached === true && !suspect && misses === 0 && passes > 0;
}

/** Without probes only connections count. The first accepted one proves that the start is over. */
function onConnect(member: Member, missed: string | undefined, now: number): Member {
  const { phase, since, mustReplace } = member;
  if (missed !== undefined) return phase === "down" ? { ...member, missed } : member;
  const reached = member.reached ? member : { ...member, reached: true };
  const rested = !member.reached || now - since >= RETRY_WITHOUT_PROBES_MS;
  const retry = phase === "down" && !mustReplace && rested;
  return retry ? becomeReady(reached, now) : reached;
}

/**
 * Applies evidence of the data plane. A refused connection is proof. Any other failure may be the
 * fault of its request, so the fleet sends a heartbeat at once and that one decides. Without
 * probes only a connection that cannot be made counts; otherwise one bad request could take every
 * replica down.
 *
 * @param member the member
 * @param evidence what happened to the connection
 * @param context present instant and policy
 */
export function onEvidence(
  member: Member,
  { kind, fresh, unreachable }: Pick<Evidence, "kind" | "fresh" | "unreachable">,
  context: Context,
): Member {
  const { probes } = context.policy;
  if (member.phase !== "ready" || !fresh) return member;
  const proof = kind === "refused" || (!probes && unreachable);
  if (proof) return takeDown(member, `connection ${kind}`, context);
  if (!probes || kind === "malformed" || member.suspect) return member;
  return { ...member, suspect: true };
}

/**
 * Applies the engine's own health check. The fleet sends a heartbeat at once; it takes an unhealthy
 * instance down even if the heartbeat itself passes.
 *
 * @param member the member
 * @param reason why the instance is unhealthy; undefined if it is healthy
 * @param now instant of the fleet's clock, in milliseconds
 */
export function onHealthCheck(member: Member, reason: string | undefined, now: number): Member {
  const { unhealthy, ...rest } = member;
  if (reason === undefined) return unhealthy ? rest : member;
  if (unhealthy?.reason === reason) return member;
  const suspect = member.suspect || member.phase === "ready";
  return { ...member, suspect, unhealthy: { reason, lookAt: now } };
}

/**
 * Applies the passage of time.
 *
 * @param member the member
 * @param mayEject false if too few other replicas are ready for this one to leave the view
 * @param context present instant and policy
 */
export function onTick(member: Member, mayEject: boolean, context: Context): Member {
  const { now, policy } = context;
  if (member.phase === "warming") {
    return now - member.since >= policy.startTimeoutMs ? giveUpStart(member, context) : member;
  }
  if (policy.probes) return member;
  if (member.phase === "ready" && member.unhealthy) return unhealthy(member, mayEject, context);
  return member.phase === "down" ? retryOrReplace(member, context) : member;
}

function retryOrReplace(member: Member, { now, policy }: Context): Member {
  // Without connections of the fleet's own, the next request tries the instance again.
  if (!policy.replaces || member.missed === undefined) {
    return now - member.since >= RETRY_WITHOUT_PROBES_MS ? becomeReady(member, now) : member;
  }
  return !member.mustReplace && now >= replaceAt(member, policy) ? failing(member, now) : member;
}

/**
 * Returns when a member that is down without probes must be replaced unless a connection succeeds.
 *
 * @param member the member
 * @param policy the fleet's thresholds
 * @returns an instant of the fleet's clock, in milliseconds
 */
export function replaceAt(
  { since, reached, runningSince = since }: Member,
  policy: FleetPolicy,
): number {
  const failingUntil = since + FAILING_MS;
  return reached ? failingUntil : Math.max(failingUntil, runningSince + policy.startTimeoutMs);
}

function giveUpStart(member: Member, { now, policy }: Context): Member {
  const { missed, misses } = member;
  const why = missed === undefined ? "no heartbeat came back" : `${missed} (${misses} heartbeats)`;
  const message = `not ready ${policy.startTimeoutMs} ms after its start: ${why}`;
  const failed = withStartFailure(member, message, now, { gaveUp: true });
  return enterPhase({ ...failed, mustReplace: true }, "down", now);
}

function failing(member: Member, now: number): Member {
  const { since, missed, lastError } = member;
  const sign = missed ?? lastError?.message ?? "connections fail";
  const message = `${sign}, for ${Math.round((now - since) / 1000)} s`;
  return { ...withError(member, message, now), mustReplace: true };
}

function unhealthy(member: Member, mayEject: boolean, context: Context): Member {
  const { unhealthy } = member;
  if (!unhealthy || context.now < unhealthy.lookAt) return member;
  if (mayEject) return { ...takeDown(member, unhealthy.reason, context), mustReplace: true };
  const lookAt = context.now + RETRY_WITHOUT_PROBES_MS;
  return { ...member, unhealthy: { ...unhealthy, lookAt } };
}

/** Takes a ready member down because it performs worse than the others. */
export function onOutlier(member: Member, reason: string, context: Context): Member {
  if (member.phase !== "ready") return member;
  return { ...takeDown(member, reason, context), mustReplace: true };
}
