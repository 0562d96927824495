/**
 * Instances that serve under their name no more, on their way out: drained where they may be, then
 * stopped and cleared away. Pure, like the rest of `transition`.
 *
 * @module
 */
import type { Former, Member } from "./member.ts";
import { ACTION_RETRY_MS } from "./policy.ts";

/** What can happen to a former instance. */
export type FormerEvent =
  /** The plan's action for it is under way. */
  | { readonly type: "clearing"; readonly id: string }
  /** No request is in flight to it any more, or the drain's deadline came. */
  | { readonly type: "drained"; readonly id: string }
  | { readonly type: "stopped"; readonly id: string }
  | { readonly type: "stop-failed"; readonly id: string; readonly message: string }
  | { readonly type: "exit"; readonly id: string; readonly reason: string };

/** How an instance goes. */
export type Retirement = Pick<Former, "stage" | "graceMs">;

/**
 * The event, where it is about a former instance of the member.
 *
 * @param event any event
 * @param member the member that it is meant for
 */
export function formerEvent(
  event: FormerEvent | { readonly type: string },
  member: Member,
): FormerEvent | undefined {
  if (!isFormerEvent(event)) return undefined;
  return member.former.some(({ id }) => id === event.id) ? event : undefined;
}

const TYPES = new Set<string>(["clearing", "drained", "stopped", "stop-failed", "exit"]);

function isFormerEvent(event: { readonly type: string }): event is FormerEvent {
  return TYPES.has(event.type);
}

/**
 * The member without its instance, which is former from now on; the same where nothing runs.
 *
 * @param member the member
 * @param retirement how the instance goes
 * @param now milliseconds since the epoch
 */
export function retire(member: Member, retirement: Retirement, now: number): Member {
  const { instance, naming: _, ...rest } = member;
  if (!instance) return member;
  const former: Former = {
    ...retirement,
    id: instance.id,
    unheard: !member.proven,
    busy: false,
    notBefore: now,
  };
  return { ...rest, proven: false, former: [...member.former, former] };
}

/**
 * The member after something happened to one of its former instances.
 *
 * @param member the member
 * @param event what happened
 * @param now milliseconds since the epoch
 */
export function clearFormer(member: Member, event: FormerEvent, now: number): Member {
  const former = member.former.flatMap((one) =>
    one.id === event.id ? after(one, event, now) : [one]
  );
  if (event.type !== "stop-failed") return { ...member, former };
  return { ...member, former, lastError: { at: now, message: event.message, instance: event.id } };
}

function after(former: Former, event: FormerEvent, now: number): Former[] {
  switch (event.type) {
    case "clearing":
      return [{ ...former, busy: true }];
    case "drained":
      return [{ ...former, busy: false, stage: "stop" }];
    case "stopped":
      return [];
    case "stop-failed":
      return [{ ...former, busy: false, notBefore: now + ACTION_RETRY_MS }];
    case "exit":
      // What is left of it, a container that exited, still has to be cleared away.
      return [former.busy ? former : { ...former, stage: "stop" }];
  }
}
