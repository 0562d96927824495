/**
 * Where a request goes that could not just be sent to its owner: the decision alone, made anew
 * with every view.
 *
 * @module
 */
import type { View } from "../../view.ts";
import { keySlot } from "./key.ts";
import type { HoldSettings } from "../settings.ts";

/** What matters about the request. Times are milliseconds on the clock that `now` is read from. */
export interface Seeker {
  readonly key: string;
  /** Instances that failed it, as far as they are still ready. */
  readonly failed: ReadonlySet<string>;
  /** Whether it found nobody ready at all while it waited: whoever is back first answers it. */
  readonly anyone: boolean;
  /** Whether another replica than its owner may still be sent it. */
  readonly spills: boolean;
  /** Until when it may wait. */
  readonly holdUntil: number;
  /** Until when its owner, whose connection just failed, may turn out to be gone. */
  readonly graceUntil: number;
}

/** What to do with it. */
export type Choice =
  /** Send it to its owner, or to another one instead. */
  | { readonly to: "owner" | "other"; readonly name: string }
  /** Let it wait: for its owner to be back (`hold`), or for word of it (`grace`). */
  | { readonly to: "wait"; readonly why: "hold" | "grace"; readonly until: number }
  | { readonly to: "nobody"; readonly why: "quarantined" | "awaited" | "none" };

/**
 * Chooses.
 *
 * @param view the view in force; undefined before the first
 * @param seeker the request
 * @param rules what the settings say
 * @param now the time
 */
export function chooseRoute(
  view: View | undefined,
  seeker: Seeker,
  rules: Pick<HoldSettings, "policy" | "replaces">,
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
    // Who may not spill can still wait: that amplifies nothing.
    if (!seeker.spills && waits && rules.replaces) return hold(seeker);
    const choice = spill(view, slot, seeker);
    // Everybody else failed it, too, and the next view may well say so.
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
  // With everybody gone the order of the ring means little: the first one back serves them all.
  const first = seeker.anyone ? other() : undefined;
  if (first?.to === "other") return first;
  return view.awaited.has(owner) ? hold(seeker) : other();
}

/** The next ready one of the walk. */
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
