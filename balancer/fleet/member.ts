/**
 * What the fleet knows about one replica: the state that `transition` moves and `plan` reads.
 *
 * @module
 */
import type { EngineErrorKind, Instance, Template } from "../engine/engine.ts";

/**
 * Where a replica stands.
 *
 * - `waiting`: nothing runs under its name; to be started once its backoff is over
 * - `starting`: the engine is starting an instance
 * - `warming`: an instance runs and has not passed a heartbeat under this name yet
 * - `ready`: it may be sent requests
 * - `down`: it failed and is out of the view; to be replaced, or to be asked again
 * - `leaving`: out of the ring for good; what ran under its name drains and is stopped
 */
export type Phase = "waiting" | "starting" | "warming" | "ready" | "down" | "leaving";

/** What went wrong with a replica. */
export interface MemberError {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly message: string;
  /** Set where the engine refused to start it. */
  readonly kind?: EngineErrorKind;
  /** Set where a start was given up at its deadline. */
  readonly gaveUp?: true;
  /** The instance that it happened to. */
  readonly instance?: string;
  /** The last lines that the instance wrote, where it never became ready. */
  readonly lastWords?: readonly string[];
}

/** An instance that serves under the name no more and is still to be cleared away. */
export interface Former {
  readonly id: string;
  /** `drain` while requests to it may still run, then `stop`. */
  readonly stage: "drain" | "stop";
  /** From SIGTERM to SIGKILL in milliseconds. */
  readonly graceMs: number;
  /** Whether what it wrote is to be kept: it never became ready. */
  readonly unheard: boolean;
  /** True while an action of the plan is under way for it. */
  readonly busy: boolean;
  /** No action is taken for it before this time. */
  readonly notBefore: number;
}

/** One replica or spare, desired or on its way out. Immutable: each transition makes a new one. */
export interface Member {
  readonly name: string;
  readonly phase: Phase;
  /** When it entered the phase, milliseconds since the epoch. */
  readonly since: number;
  /** True for an instance kept ready for whichever replica fails next: it never owns slots. */
  readonly spare: boolean;
  /** The replica that it is to take over from, where it is its successor in a deploy. */
  readonly succeeds?: string;
  /** True from its first entry into the ring until it is removed. */
  readonly joined: boolean;
  /** Its share beside the others'; 0 for no slots. */
  readonly weight: number;
  /** When it came to own slots, where it was new to the ring then: its share grows from there. */
  readonly newSince?: number;
  /** Since when its instance serves, where it inherited the name: its load grows from there. */
  readonly heirSince?: number;
  /** True once an instance has been ready under the name. */
  readonly served: boolean;
  /** What its instances run. */
  readonly template: Template;
  /** True while the engine is starting an instance for it. */
  readonly busy: boolean;
  /** What runs under its name, if anything does. */
  readonly instance?: Instance;
  /** Set until the engine knows the instance by this name. */
  readonly naming?: "due" | "under way";
  /** Whether the instance has been ready. */
  readonly proven: boolean;
  /** What ran under its name and is not cleared away yet. */
  readonly former: readonly Former[];
  /** True when a request gave reason for doubt: one missed heartbeat decides then. */
  readonly suspect: boolean;
  /** Missed heartbeats in a row. */
  readonly misses: number;
  /** Passed heartbeats in a row. */
  readonly passes: number;
  /** Instances that have been replaced so far. */
  readonly restarts: number;
  /** Lives in a row that ended before a healthy spell: what the backoff grows with. */
  readonly shortLives: number;
  /** It is not started before this time. */
  readonly notBefore: number;
  /** The last thing that went wrong, kept after it is well again. */
  readonly lastError?: MemberError;
}

/** What a member is from its beginning. */
export interface Admission {
  readonly name: string;
  /** Whether it owns slots from the start, or only once it is ready. */
  readonly joined?: boolean;
  readonly weight?: number;
  readonly spare?: boolean;
  readonly succeeds?: string;
  readonly template?: Template;
}

/**
 * A replica or spare that is desired and not running yet.
 *
 * @param admission what it is
 * @param now milliseconds since the epoch
 */
export function newMember(admission: Admission, now: number): Member {
  return {
    joined: false,
    weight: 1,
    served: false,
    spare: false,
    template: {},
    ...admission,
    phase: "waiting",
    since: now,
    busy: false,
    proven: false,
    former: [],
    suspect: false,
    misses: 0,
    passes: 0,
    restarts: 0,
    shortLives: 0,
    notBefore: now,
  };
}

/** The name that its instances are told. */
export function launchName(member: Member): string {
  return member.succeeds ?? member.name;
}

/** Whether the member is to be removed for good. */
export function isLeaving(member: Member): boolean {
  return member.phase === "leaving";
}

/** Whether the member is one of the replicas, and neither a spare nor a successor. */
export function isReplica(member: Member): boolean {
  return !member.spare && member.succeeds === undefined;
}

/** Whether the member owns slots. */
export function inRing(member: Member): boolean {
  return member.joined && !isLeaving(member);
}

/** Whether requests may be sent to the member. */
export function inView(member: Member): boolean {
  return inRing(member) && member.phase === "ready" && member.instance !== undefined;
}

/** A start further away than this is not waited for, in milliseconds. */
const START_MS = 1000;

/** A start that takes longer than this is not waited for any longer. */
const WARMUP_MS = 5000;

/** Who has had more short lives in a row than this cannot live, and is not waited for. */
const LIVES = 5;

/**
 * Until when a replica that is not ready is worth waiting for, milliseconds since the epoch: one
 * that cannot live, or takes its time, would only keep its requests from those who are ready.
 */
export function awaitedUntil({ phase, since, notBefore, shortLives }: Member): number {
  if (shortLives > LIVES) return -Infinity;
  if (phase === "starting" || phase === "warming") return since + WARMUP_MS;
  return notBefore - since <= START_MS ? Infinity : -Infinity;
}

/** Whether the member is a replica that is to be back soon. */
export function isAwaited(member: Member, now: number): boolean {
  return inRing(member) && !inView(member) && now < awaitedUntil(member);
}

/** Whether everything that its failed instances wrote is known. */
export function isHeard({ former }: Member): boolean {
  return !former.some(({ unheard }) => unheard);
}

/** A failure in one line, with what the instance wrote last. */
export function describeError({ message, lastWords }: MemberError): string {
  return lastWords ? `${message}; it wrote: ${lastWords.join(" | ")}` : message;
}
