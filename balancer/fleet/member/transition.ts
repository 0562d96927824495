/**
 * The pure state machine of one replica. The fleet calls it for every event; nothing else changes
 * a {@linkcode Member}, except what concerns two of them (succession.ts).
 *
 * @module
 */
import type { EngineErrorKind, Instance } from "../../engine/engine.ts";
import type { Evidence } from "../../view.ts";
import {
  advanceRetiring,
  retire,
  type RetiringEvent,
  retiringEvent,
  withoutInstance,
} from "./retiring_instance.ts";
import { isLeaving, type Member } from "./member.ts";
import {
  becomeReady,
  enterPhase,
  forgiveShortLives,
  toWaiting,
  withError,
  withStartFailure,
} from "./phases.ts";
import { ACTION_RETRY_MS, type FleetPolicy } from "./policy.ts";
import { onEvidence, onHealthCheck, onOutlier, onProbe, onTick } from "./verdicts.ts";

/** What can happen to a replica. Events about an instance carry its id; stale ones are dropped. */
export type MemberEvent =
  | RetiringEvent
  /** The engine is starting an instance for it. */
  | { readonly type: "starting" }
  /** The engine started an instance, or a running one was found and taken over. */
  | { readonly type: "started"; readonly instance: Instance }
  /** Somebody else runs it, and it is reached at another address from now on. */
  | {
    readonly type: "moved";
    readonly instance: Instance;
    /** Whether what listens there has passed its heartbeats already. */
    readonly answers: boolean;
  }
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
  /** The engine's own health check of it changed; `reason` says why it is unhealthy. */
  | { readonly type: "health"; readonly id: string; readonly reason?: string }
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
  /** How an instance that failed ended, where the engine knows, and the last lines that it wrote. */
  | {
    readonly type: "output-tail";
    readonly instance: string;
    readonly lines: readonly string[];
    readonly exit?: string;
  }
  /** The engine may know the instance by another name, because its own was given to a successor. */
  | { readonly type: "rename-due" }
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
  | {
    readonly type: "tick";
    /** False where too few others are ready for it to be taken out. */
    readonly mayEject: boolean;
  };

/**
 * The member after an event.
 *
 * @param member the state before
 * @param event what happened
 * @param now the present instant
 * @param policy the fleet's thresholds
 * @returns the state after, the same object where nothing changed, `undefined` when it is gone
 */
export function transition(
  member: Member,
  event: MemberEvent,
  now: number,
  policy: FleetPolicy,
): Member | undefined {
  const retiring = retiringEvent(event, member);
  if (retiring) return unlessGone(advanceRetiring(member, retiring, now));
  if ("id" in event && event.id !== member.instance?.id) return member;
  switch (event.type) {
    case "starting":
      return enterPhase({ ...member, busy: true }, isLeaving(member) ? "leaving" : "starting", now);
    case "started":
      return started(member, event.instance, now, policy);
    case "moved":
      return moved(member, event.instance, event.answers, now, policy);
    case "start-failed":
      return startFailed(member, event.message, event.kind, now, policy);
    case "probe":
      return onProbe(member, event.reason, event.mayEject, now, policy);
    case "exit":
      return exited(member, event.reason, now, policy);
    case "health":
      return onHealthCheck(member, event.reason, now);
    case "evidence":
      return onEvidence(member, event, now, policy);
    case "outlier":
      return onOutlier(member, event.reason, now, policy);
    case "replace":
      return toWaiting(member, now, policy);
    case "output-tail":
      return withOutputTail(member, event);
    case "rename-due":
      return member.instance ? { ...member, naming: "due" } : member;
    case "renaming":
      return { ...member, naming: "under way" };
    case "renamed":
      return renamed(member, event.failed, now);
    case "join":
      return member.joined ? member : { ...member, joined: true, slotRampSince: now };
    case "weigh":
      return weighed(member, event.weight, now);
    case "leave":
      return leave(member, now, policy);
    case "tick":
      return onTick(member, event.mayEject, now, policy);
    default:
      return member;
  }
}

function withOutputTail(
  member: Member,
  { instance, lines, exit }: Extract<MemberEvent, { readonly type: "output-tail" }>,
): Member {
  const retiring = member.retiring.map((one) =>
    one.id === instance ? { ...one, collectOutput: false } : one
  );
  const { lastError } = member;
  if (lastError?.instance !== instance) return { ...member, retiring };
  const ending = {
    ...(exit === undefined ? {} : { exit }),
    ...(lines.length === 0 ? {} : { outputTail: lines }),
  };
  return { ...member, retiring, lastError: { ...lastError, ...ending } };
}

function unlessGone(member: Member): Member | undefined {
  return isLeaving(member) && !member.busy && member.retiring.length === 0 ? undefined : member;
}

function started(member: Member, instance: Instance, now: number, policy: FleetPolicy): Member {
  const { unhealthy } = instance;
  const running = {
    ...withoutInstance(member),
    instance,
    runningSince: now,
    ...(unhealthy === undefined ? {} : { unhealthy: { reason: unhealthy, lookAt: now } }),
    busy: false,
    suspect: false,
    misses: 0,
    passes: 0,
  };
  if (isLeaving(member)) return retire(running, { stage: "stop", graceMs: 0, failed: false }, now);
  return policy.probes ? enterPhase(running, "warming", now) : becomeReady(running, now);
}

/** What was reached at the old address drains, as the predecessor does in a deploy. */
function moved(
  member: Member,
  instance: Instance,
  answers: boolean,
  now: number,
  policy: FleetPolicy,
): Member {
  const retired = retire(member, { stage: "drain", graceMs: 0, failed: false }, now);
  const fresh = { suspect: false, misses: 0, passes: 0, shortLives: 0, runningSince: now };
  const running = { ...retired, ...fresh, instance };
  return answers || !policy.probes
    ? becomeReady(running, now)
    : enterPhase(running, "warming", now);
}

function startFailed(
  member: Member,
  message: string,
  kind: EngineErrorKind,
  now: number,
  policy: FleetPolicy,
): Member | undefined {
  // The engine's and the balancer's own troubles say nothing about the replica.
  const ours = kind === "away" || kind === "out-of-files";
  const failed = {
    ...ours
      ? withError(member, message, now, { kind })
      : withStartFailure(member, message, now, { kind }),
    busy: false,
  };
  if (isLeaving(member)) return unlessGone(failed);
  if (kind === "away") return enterPhase({ ...failed, notBefore: now }, "waiting", now);
  if (kind === "out-of-files") {
    return enterPhase({ ...failed, notBefore: now + ACTION_RETRY_MS }, "waiting", now);
  }
  return toWaiting(failed, now, policy);
}

function exited(member: Member, reason: string, now: number, policy: FleetPolicy): Member {
  const before = forgiveShortLives(member, now, policy);
  const failed = member.phase === "warming"
    ? withStartFailure(before, reason, now, { exit: reason })
    : withError(before, reason, now, { exit: reason });
  return toWaiting(failed, now, policy);
}

/** A replica that owned no slots so far is new to those that it gets. */
function weighed(member: Member, weight: number, now: number): Member {
  if (weight === member.weight) return member;
  const returns = member.joined && member.weight === 0;
  return { ...member, weight, ...(returns ? { slotRampSince: now } : {}) };
}

function renamed(member: Member, failed: string | undefined, now: number): Member {
  const { naming: _, ...named } = member;
  if (failed === undefined) return named;
  return { ...withError(named, failed, now), naming: "due", notBefore: now + ACTION_RETRY_MS };
}

function leave(member: Member, now: number, policy: FleetPolicy): Member | undefined {
  if (isLeaving(member)) return member;
  const stage = member.phase === "ready" && member.joined ? "drain" : "stop";
  const retired = retire(member, { stage, graceMs: policy.stopGraceMs, failed: false }, now);
  return unlessGone(enterPhase(retired, "leaving", now));
}
