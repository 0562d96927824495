/**
 * One instance takes over a name from another: a spare replaces a failed instance, or a successor
 * replaces a running one in a deploy. Pure.
 *
 * @module
 */
import { sameTemplate } from "../spec/template.ts";
import type { Context } from "./context.ts";
import { isLeaving, isReplica, type Member } from "./member.ts";
import { retire } from "./retiring_instance.ts";
import { startServing } from "./slow_start.ts";

/** A replica without an instance, and a ready spare for it. */
interface SpareMatch {
  readonly target: Member;
  readonly spare: Member;
}

/**
 * Matches replicas that may be started now with ready spares of the same template.
 *
 * @param members replicas and spares
 * @param now instant of the fleet's clock, in milliseconds
 */
export function matchSpares(members: Iterable<Member>, now: number): SpareMatch[] {
  const all = [...members];
  const spares = all.filter((member) => member.spare && member.phase === "ready");
  const matches: SpareMatch[] = [];
  for (const target of all) {
    if (!isReplica(target) || target.phase !== "waiting" || now < target.notBefore) continue;
    const at = spares.findIndex((spare) => sameTemplate(spare.template, target.template));
    const [spare] = at < 0 ? [] : spares.splice(at, 1);
    if (spare) matches.push({ target, spare });
  }
  return matches;
}

/**
 * Gives the spare's instance to the replica. The instance has to pass a heartbeat under its new
 * name first, because that heartbeat carries the name. The caller removes the spare.
 *
 * @param match the replica and the spare
 * @param context present instant and policy
 */
export function promote({ target, spare }: SpareMatch, { now, policy }: Context): Member {
  const { instance } = spare;
  if (!instance) throw new TypeError(`${spare.name} is ready without an instance`);
  return {
    ...(policy.probes ? target : startServing(target, now)),
    ...instanceFacts(spare),
    phase: policy.probes ? "warming" : "ready",
    since: now,
    instance: { ...instance, name: target.name, spare: false },
    naming: "due",
    proven: true,
    suspect: false,
    misses: 0,
    passes: 0,
    retiring: [...target.retiring, ...spare.retiring],
  };
}

/**
 * Gives the successor's instance to the replica; the replica's present instance drains. The caller
 * removes the successor.
 *
 * @param target the replica
 * @param successor ready member that takes over
 * @param context present instant and policy
 */
export function takeOver(target: Member, successor: Member, { now, policy }: Context): Member {
  const { instance, template } = successor;
  if (!instance) throw new TypeError(`${successor.name} is ready without an instance`);
  const { stopGraceMs } = policy;
  const retired = retire(target, { stage: "drain", graceMs: stopGraceMs, failed: false }, now);
  return {
    ...startServing(retired, now),
    ...instanceFacts(successor),
    phase: "ready",
    since: now,
    instance,
    template,
    proven: true,
    suspect: false,
    misses: 0,
    passes: 0,
    shortLives: 0,
    failedStarts: 0,
    retiring: [...retired.retiring, ...successor.retiring],
  };
}

/** Returns the facts that move with an instance from one member to another. */
function instanceFacts(
  { runningSince, reached, unhealthy }: Member,
): Pick<Member, "runningSince" | "reached" | "unhealthy"> {
  return {
    ...(runningSince === undefined ? {} : { runningSince }),
    ...(reached === undefined ? {} : { reached }),
    ...(unhealthy === undefined ? {} : { unhealthy }),
  };
}

/** Reports whether a successor can take over from the replica now. */
export function isSettled(member: Member): boolean {
  return !member.busy && !isLeaving(member);
}
