/**
 * What the fleet knows about one replica: the state that `transition` moves and `plan` reads.
 *
 * @module
 */
import type { EngineErrorKind, Instance } from "../engine/engine.ts";

/**
 * Where a replica stands.
 *
 * - `waiting`: nothing runs under its name; to be started once its backoff is over
 * - `starting`: the engine is starting an instance
 * - `warming`: an instance runs and has not passed a heartbeat yet
 * - `ready`: it may be sent requests
 * - `down`: it failed and is out of the view; to be stopped and replaced
 * - `draining`: out of the ring for good, requests in flight are finishing
 * - `retiring`: drained; to be stopped for good
 */
export type Phase =
  | "waiting"
  | "starting"
  | "warming"
  | "ready"
  | "down"
  | "draining"
  | "retiring";

/** What went wrong with a replica. */
export interface MemberError {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly message: string;
  /** Set where the engine refused to start it. */
  readonly kind?: EngineErrorKind;
}

/** One replica, desired or on its way out. Immutable: each transition makes a new one. */
export interface Member {
  readonly name: string;
  readonly phase: Phase;
  /** When it entered the phase, milliseconds since the epoch. */
  readonly since: number;
  /** True from its first entry into the ring until it is removed. */
  readonly joined: boolean;
  /** True when it is to be removed for good. */
  readonly leaving: boolean;
  /** True while an action of the plan is under way for it. */
  readonly busy: boolean;
  /** What runs under its name, if anything does. */
  readonly instance?: Instance;
  /** Missed heartbeats in a row. */
  readonly misses: number;
  /** Passed heartbeats in a row. */
  readonly passes: number;
  /** Instances that have been replaced so far. */
  readonly restarts: number;
  /** Lives in a row that ended before a healthy spell: what the backoff grows with. */
  readonly shortLives: number;
  /** No action is taken for it before this time. */
  readonly notBefore: number;
  /** The last thing that went wrong, kept after it is well again. */
  readonly lastError?: MemberError;
}

/**
 * A replica that is desired and not running yet.
 *
 * @param name its name in the ring
 * @param joined whether it owns slots from the start, or only once it is ready
 * @param now milliseconds since the epoch
 */
export function newMember(name: string, joined: boolean, now: number): Member {
  return {
    name,
    phase: "waiting",
    since: now,
    joined,
    leaving: false,
    busy: false,
    misses: 0,
    passes: 0,
    restarts: 0,
    shortLives: 0,
    notBefore: now,
  };
}

/** Whether the member owns slots. */
export function inRing(member: Member): boolean {
  return member.joined && !member.leaving;
}

/** Whether requests may be sent to the member. */
export function inView(member: Member): boolean {
  return inRing(member) && member.phase === "ready" && member.instance !== undefined;
}
