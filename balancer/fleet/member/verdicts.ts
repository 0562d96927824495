/**
 * Whether a running instance is well: heartbeats, connections of the data plane, the engine's own
 * health check, and time. Pure, like the rest of `transition`.
 *
 * @module
 */
import type { Evidence } from "../../view.ts";
import type { Member } from "./member.ts";
import { down, enter, noted, ready, startFailure } from "./phases.ts";
import { FAILING_MS, type FleetPolicy, RETRY_WITHOUT_PROBES_MS } from "./policy.ts";

/**
 * The member after a heartbeat, or, without probes, after an attempt to connect.
 *
 * @param member the member
 * @param missed why the heartbeat was missed; undefined where it passed
 * @param mayEject false where too few others are ready for a heartbeat alone to take it out
 * @param now the present instant
 * @param policy the fleet's thresholds
 */
export function probed(
  member: Member,
  missed: string | undefined,
  mayEject: boolean,
  now: number,
  policy: FleetPolicy,
): Member {
  if (!policy.probes) return connected(member, missed, now);
  // A service can answer heartbeats and still fail the check that its image brings.
  const reason = missed === undefined ? member.unhealthy?.reason : `heartbeat: ${missed}`;
  if (reason === undefined) return passed(member, now, policy);
  const misses = member.misses + 1;
  const failed = { ...member, passes: 0, misses, missed: missed ?? reason };
  if (member.phase === "warming") return failed;
  const told = noted(failed, reason, now);
  const decides = member.suspect || misses >= policy.downAfter;
  if (member.phase !== "ready" || !decides || !mayEject) return told;
  return down(told, reason, now, policy);
}

function passed(member: Member, now: number, policy: FleetPolicy): Member {
  // Most heartbeats are of this kind, and of a thousand replicas they are many.
  if (member.phase === "ready" && isWell(member)) return member;
  const passes = member.passes + 1;
  const comesBack = member.phase === "warming" || member.phase === "down";
  const well = { ...member, reached: true, suspect: false, misses: 0, passes };
  return comesBack && passes >= policy.upAfter ? ready(well, now) : well;
}

/** Whether another passed heartbeat says nothing new. */
function isWell({ reached, suspect, misses, passes }: Member): boolean {
  return reached === true && !suspect && misses === 0 && passes > 0;
}

/** Without probes only connections count: one that is accepted ends the first of all doubts. */
function connected(member: Member, missed: string | undefined, now: number): Member {
  const { phase, since, mustReplace } = member;
  if (missed !== undefined) return phase === "down" ? { ...member, missed } : member;
  const reached = member.reached ? member : { ...member, reached: true };
  const rested = !member.reached || now - since >= RETRY_WITHOUT_PROBES_MS;
  const triedAgain = phase === "down" && !mustReplace && rested;
  return triedAgain ? ready(reached, now) : reached;
}

/**
 * The member after the data plane could not use its instance. A refused connection is proof. Any
 * other failure may be the fault of its request: the next heartbeat, which the fleet sends at once,
 * decides. Without heartbeats only a connection that cannot be made counts, since one bad request
 * could take out every replica otherwise.
 *
 * @param member the member
 * @param evidence what happened to the connection
 * @param now the present instant
 * @param policy the fleet's thresholds
 */
export function accused(
  member: Member,
  { kind, fresh, unreachable }: Pick<Evidence, "kind" | "fresh" | "unreachable">,
  now: number,
  policy: FleetPolicy,
): Member {
  if (member.phase !== "ready" || !fresh) return member;
  const proof = kind === "refused" || (!policy.probes && unreachable);
  if (proof) return down(member, `connection ${kind}`, now, policy);
  if (!policy.probes || kind === "malformed" || member.suspect) return member;
  return { ...member, suspect: true };
}

/**
 * The member after the engine's own health check of its instance changed. The next heartbeat, which
 * the fleet sends at once, takes an unhealthy one out, even if it passes.
 *
 * @param member the member
 * @param reason why it is unhealthy; undefined where it is healthy
 * @param now the present instant
 */
export function checked(member: Member, reason: string | undefined, now: number): Member {
  const { unhealthy, ...rest } = member;
  if (reason === undefined) return unhealthy ? rest : member;
  if (unhealthy?.reason === reason) return member;
  const suspect = member.suspect || member.phase === "ready";
  return { ...member, suspect, unhealthy: { reason, lookAt: now } };
}

/**
 * The member after time went by.
 *
 * @param member the member
 * @param mayEject false where too few others are ready for it to be taken out
 * @param now the present instant
 * @param policy the fleet's thresholds
 */
export function ticked(
  member: Member,
  mayEject: boolean,
  now: number,
  policy: FleetPolicy,
): Member {
  const age = now - member.since;
  if (member.phase === "warming") {
    return age >= policy.startTimeoutMs ? late(member, now, policy) : member;
  }
  if (policy.probes) return member;
  if (member.phase === "ready" && member.unhealthy) return unhealthy(member, mayEject, now, policy);
  if (member.phase !== "down") return member;
  // Where the fleet makes no connections of its own, a request tries the instance again.
  if (!policy.replaces || member.missed === undefined) {
    return age >= RETRY_WITHOUT_PROBES_MS ? ready(member, now) : member;
  }
  return !member.mustReplace && now >= replaceAt(member, policy) ? failing(member, now) : member;
}

/**
 * When a member that is down without probes is to be replaced, unless a connection is accepted.
 *
 * @param member the member
 * @param policy the fleet's thresholds
 * @returns an instant
 */
export function replaceAt(
  { since, reached, runningSince = since }: Member,
  policy: FleetPolicy,
): number {
  const long = since + FAILING_MS;
  return reached ? long : Math.max(long, runningSince + policy.startTimeoutMs);
}

function late(member: Member, now: number, policy: FleetPolicy): Member {
  const { missed, misses } = member;
  const why = missed === undefined ? "no heartbeat came back" : `${missed} (${misses} heartbeats)`;
  const message = `not ready ${policy.startTimeoutMs} ms after its start: ${why}`;
  const failed = startFailure(member, message, now, { gaveUp: true });
  return enter({ ...failed, mustReplace: true }, "down", now);
}

function failing(member: Member, now: number): Member {
  const { since, missed, lastError } = member;
  const sign = missed ?? lastError?.message ?? "connections fail";
  const message = `${sign}, for ${Math.round((now - since) / 1000)} s`;
  return { ...noted(member, message, now), mustReplace: true };
}

function unhealthy(member: Member, mayEject: boolean, now: number, policy: FleetPolicy): Member {
  const { unhealthy } = member;
  if (!unhealthy || now < unhealthy.lookAt) return member;
  if (mayEject) return { ...down(member, unhealthy.reason, now, policy), mustReplace: true };
  const lookAt = now + RETRY_WITHOUT_PROBES_MS;
  return { ...member, unhealthy: { ...unhealthy, lookAt } };
}

/** The member that does worse than its peers, out of the view. */
export function outlier(member: Member, reason: string, now: number, policy: FleetPolicy): Member {
  if (member.phase !== "ready") return member;
  return { ...down(member, reason, now, policy), mustReplace: true };
}
