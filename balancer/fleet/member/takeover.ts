/**
 * One instance after another under the same name: a spare that stands in for a replica that
 * failed, and the successor of a deploy. Pure.
 *
 * @module
 */
import { retire } from "./retiring_instance.ts";
import { isLeaving, isReplica, type Member } from "./member.ts";
import type { FleetPolicy } from "./policy.ts";
import { startServing } from "./slow_start.ts";
import { sameTemplate } from "../spec/template.ts";

/** A replica that waits and a spare that is ready for it. */
export interface SpareMatch {
  readonly target: Member;
  readonly spare: Member;
}

/**
 * Which spares stand in for which replicas.
 *
 * @param members every replica and spare
 * @param now the present instant
 */
export function matchSpares(members: Iterable<Member>, now: number): SpareMatch[] {
  const all = [...members];
  const spares = all.filter((member) => member.spare && member.phase === "ready");
  const pairs: SpareMatch[] = [];
  for (const target of all) {
    if (!isReplica(target) || target.phase !== "waiting" || now < target.notBefore) continue;
    const at = spares.findIndex((spare) => sameTemplate(spare.template, target.template));
    const [spare] = at < 0 ? [] : spares.splice(at, 1);
    if (spare) pairs.push({ target, spare });
  }
  return pairs;
}

/**
 * The replica with the spare's instance, which has to pass a heartbeat under its new name first:
 * the heartbeat is what tells it that name. The spare itself is no more.
 *
 * @param match the two
 * @param now the present instant
 * @param policy the fleet's thresholds
 */
export function promote(
  { target, spare }: SpareMatch,
  now: number,
  policy: FleetPolicy,
): Member {
  const { instance } = spare;
  if (!instance) throw new TypeError(`${spare.name} is ready without an instance`);
  return {
    ...(policy.probes ? target : startServing(target, now)),
    ...knownOfInstance(spare),
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
 * The replica with its successor's instance; what served until now drains. The successor itself is
 * no more.
 *
 * @param target the replica
 * @param successor ready to take over
 * @param now the present instant
 * @param policy the fleet's thresholds
 */
export function takeOver(
  target: Member,
  successor: Member,
  now: number,
  policy: FleetPolicy,
): Member {
  const { instance, template } = successor;
  if (!instance) throw new TypeError(`${successor.name} is ready without an instance`);
  const { stopGraceMs } = policy;
  const retired = retire(target, { stage: "drain", graceMs: stopGraceMs, failed: false }, now);
  return {
    ...startServing(retired, now),
    ...knownOfInstance(successor),
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

/** What goes with the instance from one member to another. */
function knownOfInstance(
  { runningSince, reached, unhealthy }: Member,
): Pick<Member, "runningSince" | "reached" | "unhealthy"> {
  return {
    ...(runningSince === undefined ? {} : { runningSince }),
    ...(reached === undefined ? {} : { reached }),
    ...(unhealthy === undefined ? {} : { unhealthy }),
  };
}

/** Whether a replica is in a state in which a successor can take over from it. */
export function isSettled(member: Member): boolean {
  return !member.busy && !isLeaving(member);
}
