/**
 * Chooses the route of a request that could not be sent to its owner at once. Pure; called again
 * for each view.
 *
 * @module
 */
import type { View } from "../../view.ts";
import { keySlot } from "./key.ts";
import type { HoldRules } from "../rules.ts";

/** State of the request. Times are milliseconds on the clock of `now`. */
export interface RouteInput {
  readonly key: string;
  /** Instances that failed the request and are still ready. */
  readonly failed: ReadonlySet<string>;
  /**
   * Whether no replica at all was ready while it waited: the first ready replica answers it then.
   */
  readonly acceptsAny: boolean;
  /** Whether it may still be sent to a replica other than its owner. */
  readonly maySpill: boolean;
  /** Latest time until which it may wait. */
  readonly holdUntil: number;
  /** Until when the view may still drop its owner, whose connection just failed. */
  readonly graceUntil: number;
}

/** The chosen action. */
export type Choice =
  /** Send it to its owner, or to another replica instead. */
  | { readonly to: "owner" | "other"; readonly name: string }
  /**
   * Wait: until the owner is back (`hold`), or until the view confirms the owner's failure
   * (`grace`).
   */
  | { readonly to: "wait"; readonly why: "hold" | "grace"; readonly until: number }
  | { readonly to: "nobody"; readonly why: "quarantined" | "awaited" | "none" };

/**
 * Chooses the route.
 *
 * @param view the view in force; undefined before the first
 * @param input the request
 * @param rules the configured hold policy
 * @param now the current time
 */
export function chooseRoute(
  view: View | undefined,
  input: RouteInput,
  rules: Pick<HoldRules, "policy" | "replaces">,
  now: number,
): Choice {
  if (view?.quarantined.has(input.key)) return { to: "nobody", why: "quarantined" };
  const waits = rules.policy === "hold" && now < input.holdUntil;
  if (!view || view.ready.size === 0) {
    return waits ? hold(input) : { to: "nobody", why: "none" };
  }
  const slot = keySlot(view.ring, input.key);
  const owner = view.ring.members[view.ring.table[slot] ?? -1];
  if (owner !== undefined && usable(view, owner, input)) return { to: "owner", name: owner };
  const other = (): Choice => {
    // A request that may not spill can still wait: waiting amplifies nothing.
    if (!input.maySpill && waits && rules.replaces) return hold(input);
    const choice = spill(view, slot, input);
    // Every other replica failed the request, too, and the next view may drop them.
    const early = waits && rules.replaces && now < input.graceUntil;
    return choice.to === "nobody" && early ? grace(input) : choice;
  };
  if (rules.policy === "spill" || owner === undefined) return other();
  const failed = rules.replaces && view.ready.has(owner);
  if (rules.policy === "fail") {
    return failed || view.awaited.has(owner) ? { to: "nobody", why: "awaited" } : other();
  }
  if (!waits) return other();
  if (view.ready.has(owner)) return failed && now < input.graceUntil ? grace(input) : other();
  // With no replica ready the ring's order means little: the first one back serves all keys.
  const first = input.acceptsAny ? other() : undefined;
  if (first?.to === "other") return first;
  return view.awaited.has(owner) ? hold(input) : other();
}

/** The next ready replica of the walk. */
function spill(view: View, slot: number, input: RouteInput): Choice {
  const names = input.maySpill ? view.ring.walk(slot) : [];
  const name = names.find((one) => usable(view, one, input));
  return name === undefined ? { to: "nobody", why: "none" } : { to: "other", name };
}

function usable({ ready }: View, name: string, { failed }: RouteInput): boolean {
  const instance = ready.get(name)?.instance;
  return instance !== undefined && !failed.has(instance);
}

function hold({ holdUntil }: RouteInput): Choice {
  return { to: "wait", why: "hold", until: holdUntil };
}

function grace({ holdUntil, graceUntil }: RouteInput): Choice {
  return { to: "wait", why: "grace", until: Math.min(holdUntil, graceUntil) };
}
