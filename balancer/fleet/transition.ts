/**
 * The pure state machine of one replica. The fleet calls it for every event; nothing else changes
 * a {@linkcode Member}, except what concerns two of them (succession.ts).
 *
 * @module
 */
import type { EngineErrorKind, Instance } from "../engine/engine.ts";
import type { Evidence } from "../view.ts";
import { clearFormer, type FormerEvent, formerEvent, retire } from "./former.ts";
import { isLeaving, type Member, type MemberError, type Phase } from "./member.ts";
import {
  ACTION_RETRY_MS,
  type FleetPolicy,
  RETRY_WITHOUT_PROBES_MS,
  startDelay,
} from "./policy.ts";
import { beginning } from "./ramp.ts";

/** What can happen to a replica. Events about an instance carry its id; stale ones are dropped. */
export type MemberEvent =
  | FormerEvent
  /** The engine is starting an instance for it. */
  | { readonly type: "starting" }
  /** The engine started an instance, or a running one was found and taken over. */
  | { readonly type: "started"; readonly instance: Instance }
  /** The engine could not start one. */
  | { readonly type: "start-failed"; readonly message: string; readonly kind: EngineErrorKind }
  /** A heartbeat passed or was missed; `reason` says why it was missed. */
  | {
    readonly type: "probe";
    readonly id: string;
    readonly reason?: string;
    /** False where too few others are ready for a heartbeat alone to take it out. */
    readonly mayEject: boolean;
  }
  /** The engine says that the instance ended. */
  | { readonly type: "exit"; readonly id: string; readonly reason: string }
  /** The data plane could not use the instance, or has to wait long for it. */
  | {
    readonly type: "evidence";
    readonly id: string;
    readonly kind: Evidence["kind"];
    readonly fresh: boolean;
    readonly unreachable?: true;
  }
  /** It answers, but worse than the others. */
  | { readonly type: "outlier"; readonly id: string; readonly reason: string }
  /** It is to be replaced now: what runs is stopped. */
  | { readonly type: "replace"; readonly id: string }
  /** What an instance wrote last. */
  | { readonly type: "words"; readonly instance: string; readonly lines: readonly string[] }
  /** The engine may know the instance by another name, because its own was given to a successor. */
  | { readonly type: "misnamed" }
  /** The engine is being told the instance's new name. */
  | { readonly type: "renaming"; readonly id: string }
  /** It knows the instance by that name, or could not be told. */
  | { readonly type: "renamed"; readonly id: string; readonly failed?: string }
  /** It is to own slots from now on. */
  | { readonly type: "join" }
  /** It is to have another weight. */
  | { readonly type: "weigh"; readonly weight: number }
  /** It is to be removed for good. */
  | { readonly type: "leave" }
  /** Time went by. */
  | { readonly type: "tick" };

/**
 * The member after an event.
 *
 * @param member the state before
 * @param event what happened
 * @param now milliseconds since the epoch
 * @param policy the fleet's thresholds
 * @returns the state after, the same object where nothing changed, `undefined` when it is gone
 */
export function transition(
  member: Member,
  event: MemberEvent,
  now: number,
  policy: FleetPolicy,
): Member | undefined {
  const former = formerEvent(event, member);
  if (former) return unlessGone(clearFormer(member, former, now));
  if ("id" in event && event.id !== member.instance?.id) return member;
  switch (event.type) {
    case "starting":
      return enter({ ...member, busy: true }, isLeaving(member) ? "leaving" : "starting", now);
    case "started":
      return started(member, event.instance, now, policy);
    case "start-failed":
      return startFailed(member, event.message, event.kind, now, policy);
    case "probe":
      return probed(member, event.reason, event.mayEject, now, policy);
    case "exit":
      return toWaiting(noted(afterLife(member, now, policy), event.reason, now), now, policy);
    case "evidence":
      return accused(member, event, now, policy);
    case "outlier":
      return member.phase === "ready" ? down(member, event.reason, now, policy) : member;
    case "replace":
      return toWaiting(member, now, policy);
    case "words":
      return withWords(member, event.instance, event.lines);
    case "misnamed":
      return member.instance ? { ...member, naming: "due" } : member;
    case "renaming":
      return { ...member, naming: "under way" };
    case "renamed":
      return renamed(member, event.failed, now);
    case "join":
      return member.joined ? member : { ...member, joined: true, newSince: now };
    case "weigh":
      return weighed(member, event.weight, now);
    case "leave":
      return leave(member, now, policy);
    case "tick":
      return ticked(member, now, policy);
    default:
      return member;
  }
}

function enter(member: Member, phase: Phase, now: number): Member {
  return member.phase === phase ? member : { ...member, phase, since: now };
}

/** The facts about what goes wrong now, with the instance that it goes wrong with. */
function noted(member: Member, message: string, now: number): Member {
  const { instance } = member;
  const error: MemberError = { at: now, message };
  return { ...member, lastError: instance ? { ...error, instance: instance.id } : error };
}

function withWords(member: Member, instance: string, lastWords: readonly string[]): Member {
  const { lastError } = member;
  if (lastError?.instance !== instance || lastWords.length === 0) return member;
  return { ...member, lastError: { ...lastError, lastWords } };
}

function unlessGone(member: Member): Member | undefined {
  return isLeaving(member) && !member.busy && member.former.length === 0 ? undefined : member;
}

function started(member: Member, instance: Instance, now: number, policy: FleetPolicy): Member {
  const running = { ...member, instance, busy: false, suspect: false, misses: 0, passes: 0 };
  if (isLeaving(member)) return retire(running, { stage: "stop", graceMs: 0 }, now);
  return policy.probes ? enter(running, "warming", now) : ready(running, now);
}

function ready(member: Member, now: number): Member {
  return enter(beginning({ ...member, proven: true }, now), "ready", now);
}

function startFailed(
  member: Member,
  message: string,
  kind: EngineErrorKind,
  now: number,
  policy: FleetPolicy,
): Member | undefined {
  const failed = { ...member, busy: false, lastError: { at: now, message, kind } };
  if (isLeaving(member)) return unlessGone(failed);
  // The engine's and the balancer's own troubles say nothing about the replica: no life was short.
  if (kind === "away") return enter({ ...failed, notBefore: now }, "waiting", now);
  if (kind === "out-of-files") {
    return enter({ ...failed, notBefore: now + ACTION_RETRY_MS }, "waiting", now);
  }
  return toWaiting(failed, now, policy);
}

/** The end of a life: the next one starts at once, or later where lives have been short. */
function toWaiting(member: Member, now: number, policy: FleetPolicy): Member {
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
  return enter(retire(over, { stage: "stop", graceMs: 0 }, now), "waiting", now);
}

function probed(
  member: Member,
  reason: string | undefined,
  mayEject: boolean,
  now: number,
  policy: FleetPolicy,
): Member {
  if (reason === undefined) return passed(member, now, policy);
  const misses = member.misses + 1;
  if (member.phase === "warming") return { ...member, passes: 0, misses };
  const missed = noted({ ...member, passes: 0, misses }, `heartbeat: ${reason}`, now);
  const decides = member.suspect || misses >= policy.downAfter;
  if (member.phase !== "ready" || !decides || !mayEject) return missed;
  return enter(afterLife(missed, now, policy), "down", now);
}

function passed(member: Member, now: number, policy: FleetPolicy): Member {
  const passes = member.passes + 1;
  const comesBack = member.phase === "warming" || member.phase === "down";
  const well = { ...member, suspect: false, misses: 0, passes };
  return comesBack && passes >= policy.upAfter ? ready(well, now) : well;
}

/** A long life in `ready` clears the count of short ones. */
function afterLife(member: Member, now: number, policy: FleetPolicy): Member {
  const healthy = member.phase === "ready" && now - member.since >= policy.healthySpellMs;
  return healthy ? { ...member, shortLives: 0 } : member;
}

function down(member: Member, reason: string, now: number, policy: FleetPolicy): Member {
  const failed = noted(afterLife(member, now, policy), reason, now);
  return enter({ ...failed, suspect: false, passes: 0, notBefore: now }, "down", now);
}

/**
 * A refused connection is proof. Any other failure may be the fault of its request: the next
 * heartbeat, which the fleet sends at once, decides. Without heartbeats only a connection that
 * cannot be made counts, since one bad request could take out every replica otherwise.
 */
function accused(
  member: Member,
  { kind, fresh, unreachable }: Extract<MemberEvent, { type: "evidence" }>,
  now: number,
  policy: FleetPolicy,
): Member {
  if (member.phase !== "ready" || !fresh) return member;
  const proof = kind === "refused" || (!policy.probes && unreachable);
  if (proof) return down(member, `connection ${kind}`, now, policy);
  if (!policy.probes || kind === "malformed" || member.suspect) return member;
  return { ...member, suspect: true };
}

/** Who owned no slots so far is new to those that it gets. */
function weighed(member: Member, weight: number, now: number): Member {
  if (weight === member.weight) return member;
  const returns = member.joined && member.weight === 0;
  return { ...member, weight, ...(returns ? { newSince: now } : {}) };
}

function renamed(member: Member, failed: string | undefined, now: number): Member {
  const { naming: _, ...named } = member;
  if (failed === undefined) return named;
  return { ...noted(named, failed, now), naming: "due", notBefore: now + ACTION_RETRY_MS };
}

function leave(member: Member, now: number, policy: FleetPolicy): Member | undefined {
  if (isLeaving(member)) return member;
  const stage = member.phase === "ready" && member.joined ? "drain" : "stop";
  const retired = retire(member, { stage, graceMs: policy.stopGraceMs }, now);
  return unlessGone(enter(retired, "leaving", now));
}

function ticked(member: Member, now: number, policy: FleetPolicy): Member {
  const age = now - member.since;
  if (member.phase === "warming" && age >= policy.startTimeoutMs) {
    const message = `not ready ${policy.startTimeoutMs} ms after its start`;
    const late = noted(member, message, now);
    const lastError = late.lastError && { ...late.lastError, gaveUp: true as const };
    return enter({ ...late, ...(lastError ? { lastError } : {}) }, "down", now);
  }
  if (member.phase === "down" && !policy.probes && age >= RETRY_WITHOUT_PROBES_MS) {
    return ready(member, now);
  }
  return member;
}
