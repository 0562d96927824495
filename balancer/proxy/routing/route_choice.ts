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
export interface Seeker {
  readonly key: string;
  /** Instances that failed the request and are still ready. */
  readonly failed: ReadonlySet<string>;
  /**
   * Whether no replica at all was ready while it waited: the first ready replica answers it then.
   */
  readonly anyone: boolean;
  /** Whether it may still be sent to a replica other than its owner. */
  readonly spills: boolean;
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
 * @param seeker the request
 * @param rules the configured hold policy
 * @param now the current time
 */
export function chooseRoute(
  view: View | undefined,
  seeker: Seeker,
  rules: Pick<HoldRules, "policy" | "replaces">,
  now: number,
): Choice {
  if (view?.quarantined.has(seeker.key)) return { to: "nobody", why: "quarantined" };
  const waits = rules.policy === "hold" && now < seeker.holdUntil;
  if (!view || view.ready.size === 0) {
    return waits ? hold(seeker) : { to: "nobody", why: "none" };
  }
  const slot = keySlot(view.ring, seeker.key);
  const owner = view.ring.members[view.ring.table[slot] ?? -1];
  if (owner !== undefined && usable(view, owner, seeker)) return { to: "owner", name: owner };
  const other = (): Choice => {
    // A request that may not spill can still wait: waiting amplifies nothing.
    if (!seeker.spills && waits && rules.replaces) return hold(seeker);
    const choice = spill(view, slot, seeker);
    // Every other replica failed the request, too, and the next view may drop them.
    const early = waits && rules.replaces && now < seeker.graceUntil;
    return choice.to === "nobody" && early ? grace(seeker) : choice;
  };
  if (rules.policy === "spill" || owner === undefined) return other();
  const failed = rules.replaces && view.ready.has(owner);
  if (rules.policy === "fail") {
    return failed || view.awaited.has(owner) ? { to: "nobody", why: "awaited" } : other();
  }
  if (!waits) return other();
  if (view.ready.has(owner)) return failed && now < seeker.graceUntil ? grace(seeker) : other();
  // With no replica ready the ring's order means little: the first one back serves all keys.
  const first = seeker.anyone ? other() : undefined;
  if (first?.to === "other") return first;
  return view.awaited.has(owner) ? hold(seeker) : other();
}

/** The next ready replica of the walk. */
function spill(view: View, slot: number, seeker: Seeker): Choice {
  const names = seeker.spills ? view.ring.walk(slot) : [];
  const name = names.find((one) => usable(view, one, seeker));
  return name === undefined ? { to: "nobody", why: "none" } : { to: "other", name };
}

function usable({ ready }: View, name: string, { failed }: Seeker): boolean {
  const instance = ready.get(name)?.instance;
  return instance !== undefined && !failed.has(instance);
}

function hold({ holdUntil }: Seeker): Choice {
  return { to: "wait", why: "hold", until: holdUntil };
}

function grace({ holdUntil, graceUntil }: Seeker): Choice {
  return { to: "wait", why: "grace", until: Math.min(holdUntil, graceUntil) };
}
