/**
 * What the fleet knows about one replica: the state that `transition` moves and `plan` reads.
 *
 * @module
 */
import type { EngineErrorKind, Instance, Template } from "../../engine/engine.ts";

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
  /** When: an instant of the fleet's clock. */
  readonly at: number;
  readonly message: string;
  /** Set where the engine refused to start it. */
  readonly kind?: EngineErrorKind;
  /** Set where a start was given up at its deadline. */
  readonly gaveUp?: true;
  /** The instance that it happened to. */
  readonly instance?: string;
  /** How that instance ended, as the engine reported it: exit code, signal, out of memory. */
  readonly exit?: string;
  /** The last lines that the instance wrote. */
  readonly outputTail?: readonly string[];
  /** Set where a start failed: 1 for the first start in a row of failed ones. */
  readonly attempt?: number;
}

/** How an instance ended and the last lines that it wrote, as far as the engine knows. */
export type Ending = Pick<MemberError, "exit" | "outputTail">;

/** The engine's own health check, such as an image's HEALTHCHECK, fails. */
export interface Unhealthy {
  /** In words. */
  readonly reason: string;
  /** Without heartbeats: when the fleet next looks whether the replica may be taken out. */
  readonly lookAt: number;
}

/** An instance that serves under the name no more and is still to be cleared away. */
export interface RetiringInstance {
  readonly id: string;
  /** `drain` while requests to it may still run, then `stop`. */
  readonly stage: "drain" | "stop";
  /** From SIGTERM to SIGKILL in milliseconds. */
  readonly graceMs: number;
  /** Whether the engine is to be asked how it ended and what it wrote: it failed. */
  readonly collectOutput: boolean;
  /** True while an action of the plan is under way for it. */
  readonly busy: boolean;
  /** No action is taken for it before this time. */
  readonly notBefore: number;
}

/** One replica or spare, desired or on its way out. Immutable: each transition makes a new one. */
export interface Member {
  readonly name: string;
  readonly phase: Phase;
  /** When it entered the phase, like all times here an instant of the fleet's clock. */
  readonly since: number;
  /** True for an instance kept ready for whichever replica fails next: it never owns slots. */
  readonly spare: boolean;
  /** The replica that it is to take over from, where it is its successor in a deploy. */
  readonly successorOf?: string;
  /** True from its first entry into the ring until it is removed. */
  readonly joined: boolean;
  /** Its share beside the others'; 0 for no slots. */
  readonly weight: number;
  /** When it came to own slots, where it was new to the ring then: its share grows from there. */
  readonly slotRampSince?: number;
  /** Since when its instance serves, where it inherited the name: its load grows from there. */
  readonly loadRampSince?: number;
  /** True once an instance has been ready under the name. */
  readonly served: boolean;
  /** What its instances run. */
  readonly template: Template;
  /** True while the engine is starting an instance for it. */
  readonly busy: boolean;
  /** What runs under its name, if anything does. */
  readonly instance?: Instance;
  /** When the fleet got to know the instance. */
  readonly runningSince?: number;
  /** True once a connection of the balancer's own was accepted by the instance. */
  readonly reached?: boolean;
  /** Set while the engine's own health check of the instance fails. */
  readonly unhealthy?: Unhealthy;
  /** Why the instance missed its last heartbeat. */
  readonly missed?: string;
  /** Whether it is down for good: its instance is to be replaced rather than tried again. */
  readonly mustReplace?: boolean;
  /** Set until the engine knows the instance by this name. */
  readonly naming?: "due" | "under way";
  /** Whether the instance has been ready. */
  readonly proven: boolean;
  /** What ran under its name and is not cleared away yet. */
  readonly retiring: readonly RetiringInstance[];
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
  /** Starts in a row that failed: instances that never became ready. */
  readonly failedStarts: number;
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
  readonly successorOf?: string;
  readonly template?: Template;
}

/**
 * A replica or spare that is desired and not running yet.
 *
 * @param admission what it is
 * @param now the present instant
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
    retiring: [],
    suspect: false,
    misses: 0,
    passes: 0,
    restarts: 0,
    shortLives: 0,
    failedStarts: 0,
    notBefore: now,
  };
}

/** The name that its instances are told. */
export function launchName(member: Member): string {
  return member.successorOf ?? member.name;
}

/** Whether the member is to be removed for good. */
export function isLeaving(member: Member): boolean {
  return member.phase === "leaving";
}

/** Whether the member is one of the replicas, and neither a spare nor a successor. */
export function isReplica(member: Member): boolean {
  return !member.spare && member.successorOf === undefined;
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
 * Until which instant requests wait for a replica that is not ready. A replica that cannot live,
 * takes its time, or is only tried again would keep its requests from the ready ones.
 */
export function awaitedUntil(member: Member): number {
  const { phase, since, notBefore, shortLives } = member;
  if (shortLives > LIVES) return -Infinity;
  if (phase === "starting" || phase === "warming") return since + WARMUP_MS;
  if (phase === "down" && !member.mustReplace) return untilWarm(member);
  return notBefore - since <= START_MS ? Infinity : -Infinity;
}

/** Without heartbeats an instance counts as ready at once, and refuses while it still starts. */
function untilWarm({ reached, runningSince }: Member): number {
  return reached || runningSince === undefined ? -Infinity : runningSince + WARMUP_MS;
}

/** Whether the member is a replica that is to be back soon. */
export function isAwaited(member: Member, now: number): boolean {
  return inRing(member) && !inView(member) && now < awaitedUntil(member);
}

/** Whether it is known how its failed instances ended and what they wrote. */
export function isOutputCollected({ retiring }: Member): boolean {
  return !retiring.some(({ collectOutput }) => collectOutput);
}

/** A failure in one line: which start it was, how the instance ended and what it wrote last. */
export function describeError({ message, exit, attempt, outputTail }: MemberError): string {
  const parts = [attempt && attempt > 1 ? `${message} (attempt ${attempt})` : message];
  if (exit !== undefined && !message.includes(exit)) parts.push(exit);
  if (outputTail) parts.push(`it wrote: ${outputTail.join(" | ")}`);
  return parts.join("; ");
}
