/**
 * The state that the fleet keeps about one replica or spare. `transition` changes it and
 * `planActions` reads it.
 *
 * @module
 */
import type { EngineErrorKind, Instance, Template } from "../../engine/engine.ts";

/**
 * Phase of a member.
 *
 * - `waiting`: no instance runs under its name; the next start is due after its backoff
 * - `starting`: the engine is starting an instance
 * - `warming`: an instance runs and has not passed a heartbeat under this name yet
 * - `ready`: requests may be sent to it
 * - `down`: it failed and is out of the view; it is replaced, or probed until it is back
 * - `leaving`: out of the ring for good; its instances drain and stop
 */
export type Phase = "waiting" | "starting" | "warming" | "ready" | "down" | "leaving";

/** A failure of a member. */
export interface MemberError {
  /** Instant of the fleet's clock, in milliseconds. */
  readonly at: number;
  readonly message: string;
  /** Set if the engine refused the start. */
  readonly kind?: EngineErrorKind;
  /** Set if the start timed out. */
  readonly gaveUp?: true;
  /** Id of the instance that failed. */
  readonly instance?: string;
  /** How that instance ended, as the engine reported it: exit code, signal, out of memory. */
  readonly exit?: string;
  /** The last lines that the instance wrote. */
  readonly outputTail?: readonly string[];
  /** Set if a start failed: its number in the present row of failed starts, from 1. */
  readonly attempt?: number;
}

/** How an instance ended and the last lines that it wrote, as far as the engine knows. */
export type Ending = Pick<MemberError, "exit" | "outputTail">;

/** A failed health check of the engine's own, such as an image's HEALTHCHECK. */
interface Unhealthy {
  /** Reason that the engine gave. */
  readonly reason: string;
  /** Without heartbeats: when the fleet next checks whether the replica may leave the view. */
  readonly lookAt: number;
}

/** An instance that no longer serves under its name and still has to be stopped or removed. */
export interface RetiringInstance {
  readonly id: string;
  /** `drain` while requests to it may still run, then `stop`. */
  readonly stage: "drain" | "stop";
  /** Time between SIGTERM and SIGKILL, in milliseconds. */
  readonly graceMs: number;
  /**
   * Collect its exit and its last log lines before it is removed. Set for instances that failed.
   */
  readonly collectOutput: boolean;
  /** Its machine, if the instance failed and the engine has not reported its exit. */
  readonly suspectMachine?: string;
  /** True while a planned action for it is in progress. */
  readonly busy: boolean;
  /** No action is planned for it before this instant. */
  readonly notBefore: number;
}

/**
 * One replica or spare, including one that leaves. Immutable: each transition returns a new one.
 * Times are instants of the fleet's clock, in milliseconds.
 */
export interface Member {
  readonly name: string;
  readonly phase: Phase;
  /** When it entered the phase. */
  readonly since: number;
  /** True for an instance that is kept ready for the next replica that fails; it owns no slots. */
  readonly spare: boolean;
  /** The replica that it takes over from, if it is a successor in a deploy. */
  readonly successorOf?: string;
  /** True from its first entry into the ring until it is removed. */
  readonly joined: boolean;
  /** Weight relative to the other replicas; 0 for no slots. */
  readonly weight: number;
  /** When it got slots as a new member of the ring. Its share of slots grows from there. */
  readonly slotRampSince?: number;
  /**
   * When its instance began to serve under a name that served before. Its load grows from there.
   */
  readonly loadRampSince?: number;
  /** True once an instance has been ready under the name. */
  readonly served: boolean;
  /** Template of its instances. */
  readonly template: Template;
  /** True while the engine is starting an instance for it. */
  readonly busy: boolean;
  /** The instance that runs under its name. */
  readonly instance?: Instance;
  /** When the fleet learned of the instance. */
  readonly runningSince?: number;
  /** True once the instance accepted a connection of the balancer. */
  readonly reached?: boolean;
  /** Set while the engine's own health check of the instance fails. */
  readonly unhealthy?: Unhealthy;
  /** Why the last heartbeat failed. */
  readonly missed?: string;
  /** Set if it is down for good: its instance is replaced instead of tried again. */
  readonly mustReplace?: boolean;
  /** Set until the engine knows the instance by this name. */
  readonly naming?: "due" | "in progress";
  /** True once the instance has been ready. */
  readonly proven: boolean;
  /** Instances that served under its name before. */
  readonly retiring: readonly RetiringInstance[];
  /** True after doubtful evidence of a request: the next failed heartbeat decides. */
  readonly suspect: boolean;
  /** Failed heartbeats in a row. */
  readonly misses: number;
  /** Passed heartbeats in a row. */
  readonly passes: number;
  /** Instances that have been replaced so far. */
  readonly restarts: number;
  /** Lives in a row that ended before a healthy spell. The backoff grows with it. */
  readonly shortLives: number;
  /** Starts in a row whose instance never became ready. */
  readonly failedStarts: number;
  /** It is not started before this instant. */
  readonly notBefore: number;
  /** The last failure. It is kept after the recovery. */
  readonly lastError?: MemberError;
}

/** Initial properties of a member. */
export interface Admission {
  readonly name: string;
  /** True if it owns slots from the start, false if only once it is ready. */
  readonly joined?: boolean;
  readonly weight?: number;
  readonly spare?: boolean;
  readonly successorOf?: string;
  readonly template?: Template;
}

/**
 * Creates a member without an instance.
 *
 * @param admission its initial properties
 * @param now instant of the fleet's clock, in milliseconds
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

/** Returns the name that the engine passes to the member's instances. */
export function launchName(member: Member): string {
  return member.successorOf ?? member.name;
}

/** Reports whether the member is being removed for good. */
export function isLeaving(member: Member): boolean {
  return member.phase === "leaving";
}

/** Reports whether the member is a replica, and neither a spare nor a successor. */
export function isReplica(member: Member): boolean {
  return !member.spare && member.successorOf === undefined;
}

/** Reports whether the member owns slots. */
export function inRing(member: Member): boolean {
  return member.joined && !isLeaving(member);
}

/** Reports whether requests may be sent to the member. */
export function inView(member: Member): boolean {
  return inRing(member) && member.phase === "ready" && member.instance !== undefined;
}

/**
 * Requests do not wait for a replica whose next start is further away than this, in milliseconds.
 */
const START_MS = 1000;

/** Requests do not wait for a start that has taken longer than this, in milliseconds. */
const WARMUP_MS = 5000;

/** Requests do not wait for a replica with more short lives in a row than this. */
const LIVES = 5;

/**
 * Returns until when requests may wait for a replica that is not ready. Requests do not wait for a
 * replica that crashes in a loop, starts slowly, or is only tried again; ready replicas take them.
 *
 * @returns an instant of the fleet's clock in milliseconds, `-Infinity` for not at all
 */
export function awaitedUntil(member: Member): number {
  const { phase, since, notBefore, shortLives } = member;
  if (shortLives > LIVES) return -Infinity;
  if (phase === "starting" || phase === "warming") return since + WARMUP_MS;
  if (phase === "down" && !member.mustReplace) return untilWarm(member);
  return notBefore - since <= START_MS ? Infinity : -Infinity;
}

/**
 * Without heartbeats an instance counts as ready at once and refuses connections while it starts.
 */
function untilWarm({ reached, runningSince }: Member): number {
  return reached || runningSince === undefined ? -Infinity : runningSince + WARMUP_MS;
}

/** Reports whether the member is a replica that is expected back soon. */
export function isAwaited(member: Member, now: number): boolean {
  return inRing(member) && !inView(member) && now < awaitedUntil(member);
}

/** Reports whether the exit and output of all its failed instances have been collected. */
export function isOutputCollected({ retiring }: Member): boolean {
  return !retiring.some(({ collectOutput }) => collectOutput);
}

/** Describes a failure in one line: the start's number, how the instance ended, its last lines. */
export function describeError({ message, exit, attempt, outputTail }: MemberError): string {
  const parts = [attempt && attempt > 1 ? `${message} (attempt ${attempt})` : message];
  if (exit !== undefined && !message.includes(exit)) parts.push(exit);
  if (outputTail) parts.push(`it wrote: ${outputTail.join(" | ")}`);
  return parts.join("; ");
}
