/**
 * One instance takes over a name from another: a spare replaces a failed instance, or a successor
 * replaces a running one in a deploy. Pure.
 *
 * @module
 */
import { sameTemplate } from "../spec/template.ts";
import type { Context } from "./context.ts";
import { isLeaving, isReplica, type Member } from "./member.ts";
import { isReplaceable } from "./phases.ts";
import { NO_RESERVATIONS, type Reservations } from "./reservations.ts";
import { retire } from "./retiring_instance.ts";
import { startServing } from "./slow_start.ts";

/** A replica without an instance, and a ready spare for it. */
interface SpareMatch {
  readonly target: Member;
  readonly spare: Member;
}

/** How spares are chosen. */
export interface SpareRules {
  readonly reservations: Reservations;
  /** Whether an instance that is down is replaced by a spare although no other one is started. */
  readonly replacesDown: boolean;
  /** A replica without a reserved spare gets one after this time, in milliseconds. */
  readonly othersAfterMs: number;
  /** Machines whose instances failed without an exit: their spares come last. */
  readonly suspectMachines: readonly string[];
}

/** The rules of a balancer that heals and is alone. */
const FIRST_SPARE: SpareRules = {
  reservations: NO_RESERVATIONS,
  replacesDown: false,
  othersAfterMs: 0,
  suspectMachines: [],
};

/**
 * Matches failed replicas with ready spares of the same template: each with the reserved one, or
 * else with any that is left.
 *
 * @param members replicas and spares
 * @param context present instant and policy
 * @param rules how spares are chosen
 */
export function matchSpares(
  members: Iterable<Member>,
  context: Context,
  rules: SpareRules = FIRST_SPARE,
): SpareMatch[] {
  const all = [...members];
  const { spares: reserved, machines } = rules.reservations;
  const targets = all.filter((member) =>
    isReplica(member) && lacksInstance(member, context, rules)
  );
  const lost = new Set([
    ...rules.suspectMachines,
    ...targets.flatMap(({ name }) => machines.get(name) ?? []),
  ]);
  const spares = all.filter((member) => member.spare && member.phase === "ready");
  spares.sort((a, b) => Number(isOn(a, lost)) - Number(isOn(b, lost)));
  const matches: SpareMatch[] = [];
  const take = (target: Member, fits: (spare: Member) => boolean) => {
    const at = spares.findIndex((one) => sameTemplate(one.template, target.template) && fits(one));
    const [spare] = at < 0 ? [] : spares.splice(at, 1);
    if (spare) matches.push({ target, spare });
    return spare !== undefined;
  };
  const others = targets.filter((target) =>
    !take(target, ({ instance }) => instance?.id === reserved.get(target.name))
  );
  for (const target of others) {
    if (context.now - target.since >= rules.othersAfterMs) take(target, () => true);
  }
  return matches;
}

/** Reports whether a spare may stand in for a replica now. */
function lacksInstance(member: Member, context: Context, { replacesDown }: SpareRules): boolean {
  if (member.phase === "waiting") return context.now >= member.notBefore;
  return replacesDown && isReplaceable(member, context);
}

function isOn({ instance }: Member, machines: ReadonlySet<string>): boolean {
  return instance?.machine !== undefined && machines.has(instance.machine);
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
