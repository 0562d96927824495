/**
 * The pure state machine of one member. The fleet's writer calls it for every event; nothing else
 * changes a {@linkcode Member}, except takeovers, which concern two members (takeover.ts).
 *
 * @module
 */
import type { EngineErrorKind, Instance } from "../../engine/engine.ts";
import type { Evidence } from "../../view.ts";
import type { Context } from "./context.ts";
import { isLeaving, type Member } from "./member.ts";
import {
  becomeReady,
  enterPhase,
  forgiveShortLives,
  isReplaceable,
  toWaiting,
  withError,
  withStartFailure,
} from "./phases.ts";
import { ACTION_RETRY_MS } from "./policy.ts";
import {
  advanceRetiring,
  retire,
  type RetiringEvent,
  retiringEvent,
  withoutInstanceFacts,
} from "./retiring_instance.ts";
import { onEvidence, onHealthCheck, onOutlier, onProbe, onTick } from "./verdicts.ts";

/** An event of a member. Events about an instance carry its id; stale ones are dropped. */
export type MemberEvent =
  | RetiringEvent
  /** The engine is starting an instance. */
  | { readonly type: "starting" }
  /** The engine started an instance, or the fleet adopted a running one. */
  | { readonly type: "started"; readonly instance: Instance }
  /** An upstream that the balancer does not run has another address now. */
  | {
    readonly type: "moved";
    readonly instance: Instance;
    /** The server at the new address has passed its heartbeats already. */
    readonly answers: boolean;
  }
  /** The engine could not start an instance. */
  | { readonly type: "start-failed"; readonly message: string; readonly kind: EngineErrorKind }
  /** A heartbeat passed, or failed for a `reason`. */
  | {
    readonly type: "probe";
    readonly id: string;
    readonly reason?: string;
    /** False if too few other replicas are ready for a heartbeat alone to take this one down. */
    readonly mayEject: boolean;
  }
  /** The engine's own health check passed, or failed for a `reason`. */
  | { readonly type: "health"; readonly id: string; readonly reason?: string }
  /** The engine reports that the instance ended. */
  | { readonly type: "exit"; readonly id: string; readonly reason: string }
  /** A connection of the data plane to the instance failed, or a response is slow. */
  | {
    readonly type: "evidence";
    readonly id: string;
    readonly kind: Evidence["kind"];
    readonly fresh: boolean;
    readonly unreachable?: true;
  }
  /** The instance answers, but worse than the others. */
  | { readonly type: "outlier"; readonly id: string; readonly reason: string }
  /** Replaces the instance if it is down for good; see `isReplaceable`. */
  | { readonly type: "replace"; readonly id: string }
  /** How a failed instance ended, if the engine knows, and the last lines that it wrote. */
  | {
    readonly type: "output-tail";
    readonly instance: string;
    readonly lines: readonly string[];
    readonly exit?: string;
  }
  /** The engine may know the instance by another name, since a successor used this one. */
  | { readonly type: "rename-due" }
  /** The engine is renaming the instance. */
  | { readonly type: "renaming"; readonly id: string }
  /** The engine renamed the instance, or failed to. */
  | { readonly type: "renamed"; readonly id: string; readonly failed?: string }
  /** The member joins the ring. */
  | { readonly type: "join" }
  /** The member's weight changes. */
  | { readonly type: "weigh"; readonly weight: number }
  /** The member leaves the fleet. */
  | { readonly type: "leave" }
  /** Time passed. */
  | {
    readonly type: "tick";
    /** False if too few other replicas are ready for this one to leave the view. */
    readonly mayEject: boolean;
  };

/**
 * Applies an event to a member.
 *
 * @param member the state before
 * @param event the event
 * @param context present instant and policy
 * @returns the state after; the same object if nothing changed; `undefined` once the member and
 *   all its instances are gone
 */
export function transition(
  member: Member,
  event: MemberEvent,
  context: Context,
): Member | undefined {
  const { now } = context;
  const retiring = retiringEvent(event, member);
  if (retiring) return unlessGone(advanceRetiring(member, retiring, now));
  if ("id" in event && event.id !== member.instance?.id) return member;
  switch (event.type) {
    case "starting":
      return enterPhase({ ...member, busy: true }, isLeaving(member) ? "leaving" : "starting", now);
    case "started":
      return onStarted(member, event.instance, context);
    case "moved":
      return onMoved(member, event.instance, event.answers, context);
    case "start-failed":
      return onStartFailed(member, event.message, event.kind, context);
    case "probe":
      return onProbe(member, event.reason, event.mayEject, context);
    case "exit":
      return onExit(member, event.reason, context);
    case "health":
      return onHealthCheck(member, event.reason, now);
    case "evidence":
      return onEvidence(member, event, context);
    case "outlier":
      return onOutlier(member, event.reason, context);
    case "replace":
      return isReplaceable(member, context)
        ? toWaiting(member, context, member.instance?.machine)
        : member;
    case "output-tail":
      return withOutputTail(member, event);
    case "rename-due":
      return member.instance ? { ...member, naming: "due" } : member;
    case "renaming":
      return { ...member, naming: "in progress" };
    case "renamed":
      return onRenamed(member, event.failed, now);
    case "join":
      return member.joined ? member : startRamp({ ...member, joined: true }, context);
    case "weigh":
      return onWeight(member, event.weight, context);
    case "leave":
      return onLeave(member, context);
    case "tick":
      return onTick(member, event.mayEject, context);
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

function onStarted(member: Member, instance: Instance, { now, policy }: Context): Member {
  const { unhealthy } = instance;
  const running = {
    ...withoutInstanceFacts(member),
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

/** The old address drains, as the old instance does in a deploy. */
function onMoved(
  member: Member,
  instance: Instance,
  answers: boolean,
  { now, policy }: Context,
): Member {
  const retired = retire(member, { stage: "drain", graceMs: 0, failed: false }, now);
  const fresh = { suspect: false, misses: 0, passes: 0, shortLives: 0, runningSince: now };
  const running = { ...retired, ...fresh, instance };
  return answers || !policy.probes
    ? becomeReady(running, now)
    : enterPhase(running, "warming", now);
}

function onStartFailed(
  member: Member,
  message: string,
  kind: EngineErrorKind,
  context: Context,
): Member | undefined {
  const { now } = context;
  // A fault of the engine or of the balancer is no failed start of the replica.
  const external = kind === "away" || kind === "out-of-files" || kind === "not-holder";
  const failed = {
    ...external
      ? withError(member, message, now, { kind })
      : withStartFailure(member, message, now, { kind }),
    busy: false,
  };
  if (isLeaving(member)) return unlessGone(failed);
  if (!external) return toWaiting(failed, context);
  const notBefore = kind !== "out-of-files" ? now : now + ACTION_RETRY_MS;
  return enterPhase({ ...failed, notBefore }, "waiting", now);
}

function onExit(member: Member, reason: string, context: Context): Member {
  const before = forgiveShortLives(member, context);
  const failed = member.phase === "warming"
    ? withStartFailure(before, reason, context.now, { exit: reason })
    : withError(before, reason, context.now, { exit: reason });
  return toWaiting(failed, context);
}

/** A replica whose weight was 0 starts slowly with its new slots. */
function onWeight(member: Member, weight: number, context: Context): Member {
  if (weight === member.weight) return member;
  const returns = member.joined && member.weight === 0;
  const weighed = { ...member, weight };
  return returns ? startRamp(weighed, context) : weighed;
}

function startRamp(member: Member, { now, policy }: Context): Member {
  return policy.rampsSlots ? { ...member, slotRampSince: now } : { ...member, loadRampSince: now };
}

function onRenamed(member: Member, failed: string | undefined, now: number): Member {
  const { naming: _, ...named } = member;
  if (failed === undefined) return named;
  return { ...withError(named, failed, now), naming: "due", notBefore: now + ACTION_RETRY_MS };
}

function onLeave(member: Member, { now, policy }: Context): Member | undefined {
  if (isLeaving(member)) return member;
  const stage = member.phase === "ready" && member.joined ? "drain" : "stop";
  const retired = retire(member, { stage, graceMs: policy.stopGraceMs, failed: false }, now);
  return unlessGone(enterPhase(retired, "leaving", now));
}
