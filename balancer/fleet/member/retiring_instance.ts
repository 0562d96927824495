/**
 * Instances that serve under their name no more, on their way out: drained where they may be, then
 * stopped and cleared away. Pure, like the rest of `transition`.
 *
 * @module
 */
import type { Member, RetiringInstance } from "./member.ts";
import { ACTION_RETRY_MS } from "./policy.ts";

/** What can happen to a retiring instance. */
export type RetiringEvent =
  /** The plan's action for it is under way. */
  | { readonly type: "retiring"; readonly id: string }
  /** No request is in flight to it any more, or the drain's deadline came. */
  | { readonly type: "drained"; readonly id: string }
  | { readonly type: "stopped"; readonly id: string }
  | { readonly type: "stop-failed"; readonly id: string; readonly message: string }
  | { readonly type: "exit"; readonly id: string; readonly reason: string };

/** How an instance goes. */
export interface Retirement extends Pick<RetiringInstance, "stage" | "graceMs"> {
  /** Whether it failed: the engine is asked how it ended and what it wrote. */
  readonly failed: boolean;
}

/**
 * The event, where it is about a retiring instance of the member.
 *
 * @param event any event
 * @param member the member that it is meant for
 */
export function retiringEvent(
  event: RetiringEvent | { readonly type: string },
  member: Member,
): RetiringEvent | undefined {
  if (!isRetiringEvent(event)) return undefined;
  return member.retiring.some(({ id }) => id === event.id) ? event : undefined;
}

const TYPES = new Set<string>(["retiring", "drained", "stopped", "stop-failed", "exit"]);

function isRetiringEvent(event: { readonly type: string }): event is RetiringEvent {
  return TYPES.has(event.type);
}

/**
 * The member without its instance, which is retiring from now on; the same where nothing runs.
 *
 * @param member the member
 * @param retirement how the instance goes
 * @param now the present instant
 */
export function retire(member: Member, retirement: Retirement, now: number): Member {
  const { instance, ...rest } = withoutInstance(member);
  if (!instance) return member;
  const { stage, graceMs, failed } = retirement;
  const retiring: RetiringInstance = {
    stage,
    graceMs,
    id: instance.id,
    collectOutput: failed || !member.proven,
    busy: false,
    notBefore: now,
  };
  return { ...rest, proven: false, retiring: [...member.retiring, retiring] };
}

/** The member without what is known of its instance alone; the instance itself stays. */
export function withoutInstance(member: Member): Member {
  const {
    naming: _naming,
    runningSince: _runningSince,
    reached: _reached,
    unhealthy: _unhealthy,
    missed: _missed,
    mustReplace: _mustReplace,
    ...rest
  } = member;
  return rest;
}

/**
 * The member after something happened to one of its retiring instances.
 *
 * @param member the member
 * @param event what happened
 * @param now the present instant
 */
export function advanceRetiring(member: Member, event: RetiringEvent, now: number): Member {
  const retiring = member.retiring.flatMap((one) =>
    one.id === event.id ? after(one, event, now) : [one]
  );
  if (event.type === "exit") return { ...ended(member, event), retiring };
  if (event.type !== "stop-failed") return { ...member, retiring };
  return {
    ...member,
    retiring,
    lastError: { at: now, message: event.message, instance: event.id },
  };
}

/**
 * The engine's word comes after the first sign, such as a broken connection. Once the instance has
 * been asked for its last lines it is stopped: an exit after that is the fleet's own doing.
 */
function ended(member: Member, { id, reason }: { id: string; reason: string }): Member {
  const { lastError } = member;
  const genuine = member.retiring.some((one) => one.id === id && one.collectOutput);
  if (!genuine || lastError?.instance !== id) return member;
  return { ...member, lastError: { ...lastError, exit: reason } };
}

function after(retiring: RetiringInstance, event: RetiringEvent, now: number): RetiringInstance[] {
  switch (event.type) {
    case "retiring":
      return [{ ...retiring, busy: true }];
    case "drained":
      return [{ ...retiring, busy: false, stage: "stop" }];
    case "stopped":
      return [];
    case "stop-failed":
      return [{ ...retiring, busy: false, notBefore: now + ACTION_RETRY_MS }];
    case "exit":
      // What is left of it, a container that exited, still has to be cleared away.
      return [retiring.busy ? retiring : { ...retiring, stage: "stop" }];
  }
}
