/**
 * The pure state machine of one replica. The fleet calls it for every event; nothing else changes
 * a {@linkcode Member}.
 *
 * @module
 */
import type { EngineErrorKind, Instance } from "../engine/engine.ts";
import type { Evidence } from "../view.ts";
import type { Member, Phase } from "./member.ts";
import {
  ACTION_RETRY_MS,
  type FleetPolicy,
  RETRY_WITHOUT_PROBES_MS,
  startDelay,
} from "./policy.ts";

type EvidenceKind = Evidence["kind"];

/** What can happen to a replica. Events about an instance carry its id; stale ones are dropped. */
export type MemberEvent =
  /** The plan's action for it is under way. */
  | { readonly type: "issued"; readonly action: "start" | "stop" | "drain" }
  /** The engine started an instance, or a running one was found and taken over. */
  | { readonly type: "started"; readonly instance: Instance }
  /** The engine could not start one. */
  | { readonly type: "start-failed"; readonly message: string; readonly kind: EngineErrorKind }
  | { readonly type: "stopped"; readonly id: string }
  | { readonly type: "stop-failed"; readonly id: string; readonly message: string }
  /** No request is in flight to it any more, or the drain's deadline came. */
  | { readonly type: "drained"; readonly id: string }
  /** A heartbeat passed or was missed; `reason` says why it was missed. */
  | { readonly type: "probe"; readonly id: string; readonly reason?: string }
  /** The engine says that the instance ended. */
  | { readonly type: "exit"; readonly id: string; readonly reason: string }
  /** The data plane could not use the instance. */
  | { readonly type: "evidence"; readonly id: string; readonly kind: EvidenceKind }
  /** It is to own slots from now on. */
  | { readonly type: "join" }
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
  if ("id" in event && event.id !== member.instance?.id) return member;
  switch (event.type) {
    case "issued":
      return issued(member, event.action, now);
    case "started":
      return started(member, event.instance, now, policy);
    case "start-failed":
      return startFailed(member, event.message, event.kind, now, policy);
    case "stopped":
      return member.leaving ? undefined : toWaiting(member, now, policy);
    case "stop-failed":
      return {
        ...noted(member, event.message, now),
        busy: false,
        notBefore: now + ACTION_RETRY_MS,
      };
    case "drained":
      return enter({ ...member, busy: false }, "retiring", now);
    case "probe":
      return probed(member, event.reason, now, policy);
    case "exit":
      return exited(member, event.reason, now, policy);
    case "evidence":
      return accused(member, event.kind, now, policy);
    case "join":
      return member.joined ? member : { ...member, joined: true };
    case "leave":
      return leave(member, now);
    case "tick":
      return ticked(member, now, policy);
  }
}

function enter(member: Member, phase: Phase, now: number): Member {
  return member.phase === phase ? member : { ...member, phase, since: now };
}

function noted(member: Member, message: string, now: number): Member {
  return { ...member, lastError: { at: now, message } };
}

function issued(member: Member, action: "start" | "stop" | "drain", now: number): Member {
  const busy = { ...member, busy: true };
  return action === "start" ? enter(busy, "starting", now) : busy;
}

function started(member: Member, instance: Instance, now: number, policy: FleetPolicy): Member {
  const running = { ...member, instance, busy: false, misses: 0, passes: 0 };
  if (member.leaving) return enter(running, "retiring", now);
  return enter(running, policy.probes ? "warming" : "ready", now);
}

function startFailed(
  member: Member,
  message: string,
  kind: EngineErrorKind,
  now: number,
  policy: FleetPolicy,
): Member | undefined {
  if (member.leaving) return undefined;
  const failed = { ...member, lastError: { at: now, message, kind } };
  // An engine that is away says nothing about the replica: no life of it was short.
  if (kind === "away") return enter({ ...failed, busy: false }, "waiting", now);
  return toWaiting(failed, now, policy);
}

/** The end of a life: the next one starts at once, or later where lives have been short. */
function toWaiting(member: Member, now: number, policy: FleetPolicy): Member {
  const { instance, ...rest } = member;
  const shortLives = member.shortLives + 1;
  const waiting: Member = {
    ...rest,
    busy: false,
    misses: 0,
    passes: 0,
    restarts: member.restarts + (instance ? 1 : 0),
    shortLives,
    notBefore: now + startDelay(shortLives, policy),
  };
  return enter(waiting, "waiting", now);
}

function probed(
  member: Member,
  reason: string | undefined,
  now: number,
  policy: FleetPolicy,
): Member {
  if (reason === undefined) return passed(member, now, policy);
  if (member.phase === "warming") return { ...member, passes: 0, misses: member.misses + 1 };
  const misses = member.misses + 1;
  const missed = noted({ ...member, passes: 0, misses }, `heartbeat: ${reason}`, now);
  return member.phase === "ready" && misses >= policy.downAfter
    ? enter(afterLife(missed, now, policy), "down", now)
    : missed;
}

function passed(member: Member, now: number, policy: FleetPolicy): Member {
  const passes = member.passes + 1;
  const comesBack = member.phase === "warming" || (member.phase === "down" && !member.busy);
  const well = { ...member, misses: 0, passes };
  return comesBack && passes >= policy.upAfter ? enter(well, "ready", now) : well;
}

/** A long life in `ready` clears the count of short ones. */
function afterLife(member: Member, now: number, policy: FleetPolicy): Member {
  const healthy = member.phase === "ready" && now - member.since >= policy.healthySpellMs;
  return healthy ? { ...member, shortLives: 0 } : member;
}

function exited(
  member: Member,
  reason: string,
  now: number,
  policy: FleetPolicy,
): Member | undefined {
  // A stop or a drain under way ends by its own event; the instance's end is part of it.
  if (member.busy) return member;
  // What is left of it, a container that exited, still has to be cleared away.
  if (member.leaving) return enter(member, "retiring", now);
  return toWaiting(noted(afterLife(member, now, policy), reason, now), now, policy);
}

function accused(member: Member, kind: EvidenceKind, now: number, policy: FleetPolicy): Member {
  if (member.phase !== "ready") return member;
  // A refused connection is proof. Anything else may be one bad request: the next heartbeat,
  // which the fleet sends at once, decides. Without heartbeats any failure has to do.
  if (kind !== "refused" && policy.probes) return member;
  const failed = noted(afterLife(member, now, policy), `connection ${kind}`, now);
  return enter({ ...failed, passes: 0, notBefore: now }, "down", now);
}

function leave(member: Member, now: number): Member | undefined {
  if (member.leaving) return member;
  const leaving = { ...member, leaving: true };
  if (member.busy) return leaving;
  if (member.phase === "waiting") return undefined;
  return enter(leaving, member.phase === "ready" ? "draining" : "retiring", now);
}

function ticked(member: Member, now: number, policy: FleetPolicy): Member {
  const age = now - member.since;
  if (member.phase === "warming" && age >= policy.startTimeoutMs) {
    const message = `not ready ${policy.startTimeoutMs} ms after its start`;
    return enter(noted(member, message, now), "down", now);
  }
  if (member.phase === "down" && !policy.probes && age >= RETRY_WITHOUT_PROBES_MS) {
    return enter(member, "ready", now);
  }
  return member;
}
