/**
 * Instances that no longer serve under their name: each is drained if requests to it may still
 * run, then stopped and removed. Pure, like the rest of `transition`.
 *
 * @module
 */
import type { Member, RetiringInstance } from "./member.ts";
import { ACTION_RETRY_MS } from "./policy.ts";

/** An event about a retiring instance. */
export type RetiringEvent =
  /** A planned action for the instance is in progress. */
  | { readonly type: "retiring"; readonly id: string }
  /** No request is in flight to the instance, or the drain deadline has passed. */
  | { readonly type: "drained"; readonly id: string }
  | { readonly type: "stopped"; readonly id: string }
  | { readonly type: "stop-failed"; readonly id: string; readonly message: string }
  | { readonly type: "exit"; readonly id: string; readonly reason: string };

/** How an instance retires. */
interface Retirement extends Pick<RetiringInstance, "stage" | "graceMs"> {
  /** Its machine, if that may be dead; see {@linkcode RetiringInstance.suspectMachine}. */
  readonly suspectMachine?: string | undefined;
  /** The instance failed: ask the engine how it ended and for the last lines that it wrote. */
  readonly failed: boolean;
}

/**
 * Returns the event if it is about one of the member's retiring instances.
 *
 * @param event any event
 * @param member the member that receives the event
 * @returns the event, or `undefined` if it is about something else
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
 * Moves the member's instance to its retiring instances.
 *
 * @param member the member
 * @param retirement how the instance retires
 * @param now instant of the fleet's clock, in milliseconds
 * @returns the member without an instance, or the same object if it has none
 */
export function retire(member: Member, retirement: Retirement, now: number): Member {
  const { instance, ...rest } = withoutInstanceFacts(member);
  if (!instance) return member;
  const { stage, graceMs, failed, suspectMachine } = retirement;
  const retiring: RetiringInstance = {
    stage,
    graceMs,
    id: instance.id,
    collectOutput: failed || !member.proven,
    ...(suspectMachine === undefined ? {} : { suspectMachine }),
    busy: false,
    notBefore: now,
  };
  return { ...rest, proven: false, retiring: [...member.retiring, retiring] };
}

/** Clears the facts that belong to the member's present instance. The instance itself stays. */
export function withoutInstanceFacts(member: Member): Member {
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
 * Applies an event to one of the member's retiring instances.
 *
 * @param member the member
 * @param event the event
 * @param now instant of the fleet's clock, in milliseconds
 */
export function advanceRetiring(member: Member, event: RetiringEvent, now: number): Member {
  const retiring = member.retiring.flatMap((one) =>
    one.id === event.id ? advance(one, event, now) : [one]
  );
  if (event.type === "exit") return { ...withExit(member, event), retiring };
  if (event.type !== "stop-failed") return { ...member, retiring };
  return {
    ...member,
    retiring,
    lastError: { at: now, message: event.message, instance: event.id },
  };
}

/**
 * Adds the exit to the member's last error. The engine's report follows the first sign of a
 * failure, such as a broken connection. Once the output is collected the fleet stops the instance,
 * so a later exit is the fleet's own doing and is ignored.
 */
function withExit(member: Member, { id, reason }: { id: string; reason: string }): Member {
  const { lastError } = member;
  const genuine = member.retiring.some((one) => one.id === id && one.collectOutput);
  if (!genuine || lastError?.instance !== id) return member;
  return { ...member, lastError: { ...lastError, exit: reason } };
}

function advance(
  instance: RetiringInstance,
  event: RetiringEvent,
  now: number,
): RetiringInstance[] {
  switch (event.type) {
    case "retiring":
      return [{ ...instance, busy: true }];
    case "drained":
      return [{ ...instance, busy: false, stage: "stop" }];
    case "stopped":
      return [];
    case "stop-failed":
      return [{ ...instance, busy: false, notBefore: now + ACTION_RETRY_MS }];
    case "exit": {
      // The instance ended, so its machine works, or the engine knows that it does not.
      const { suspectMachine: _, ...rest } = instance;
      // The engine still holds an exited container, so the stop action has to remove it.
      return [rest.busy ? rest : { ...rest, stage: "stop" }];
    }
  }
}
