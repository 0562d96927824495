/**
 * Predicts the data plane's decision about a key, with the data plane's own functions.
 *
 * @module
 */
import type { Decision, Destination } from "../../answers/explanation.ts";
import { chooseByLoad, type LoadChoice, type Loads } from "../../proxy/upstream/bounded_load.ts";
import { type Choice, chooseRoute } from "../../proxy/routing/route_choice.ts";
import type { HoldSettings } from "../../proxy/settings.ts";
import type { View } from "../../view.ts";

/** The settings that decide about an unavailable replica. */
export type HoldRules = Pick<HoldSettings, "policy" | "ms" | "replaces">;

/** The input of a decision. */
interface Situation {
  readonly view: View;
  readonly hold: HoldRules;
  readonly loads: Loads;
}

/** A decision and the loads behind it; without loads if the request goes to no replica. */
export interface Decided<D extends Decision = Decision> {
  readonly decision: D;
  readonly byLoad: LoadChoice | undefined;
}

/**
 * Decides as the data plane would about a request that arrives now.
 *
 * @param key the request's key
 * @param slot the key's slot
 * @param situation the view, the settings and the loads
 */
export function decide(key: string, slot: number, situation: Situation): Decided {
  const { view, hold } = situation;
  const input = {
    key,
    failed: new Set<string>(),
    acceptsAny: view.ready.size === 0,
    maySpill: true,
    holdUntil: hold.ms,
    graceUntil: 0,
  };
  const choose = (now: number) => chooseRoute(view, input, hold, now);
  const place = (choice: Choice) => placed(choice, key, slot, situation);
  const choice = choose(0);
  if (choice.to !== "wait") return place(choice);
  const { decision: then, byLoad } = place(choose(choice.until));
  const name = input.acceptsAny ? undefined : ownerOf(view, slot);
  const whom = name === undefined ? { why: "none" } as const : { name, why: "awaited" } as const;
  return { decision: { to: "wait", ...whom, ms: choice.until, then }, byLoad };
}

/** Returns the owner of a slot; undefined in an empty ring. */
export function ownerOf({ ring }: View, slot: number): string | undefined {
  return ring.members[ring.table[slot] ?? -1];
}

/** Applies the load bound to a chosen replica, which may have no room. */
function placed(
  choice: Choice,
  key: string,
  slot: number,
  { view, loads }: Situation,
): Decided<Destination> {
  if (choice.to === "nobody") return { decision: choice, byLoad: undefined };
  if (choice.to === "wait") {
    throw new TypeError("a request whose deadline has passed goes on waiting");
  }
  const byLoad = chooseByLoad(view, key, slot, loads, choice.name);
  const name = byLoad?.name ?? choice.name;
  if (choice.to === "other") return { decision: { to: "other", name, why: "away" }, byLoad };
  const full = byLoad?.overflowed === true;
  return {
    decision: full ? { to: "other", name, why: "full" } : { to: "owner", name, why: "ready" },
    byLoad,
  };
}
