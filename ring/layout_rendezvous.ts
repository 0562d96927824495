/**
 * Layout `rendezvous`, and its capped form, which layout `even` uses.
 *
 * @module
 */

import type { WeightedMember } from "./members.ts";
import type { Placement } from "./placement.ts";
import type { Preferences } from "./preferences.ts";
import { Ranking } from "./ranking.ts";
import type { Seats } from "./seats.ts";

/**
 * Gives each slot to the member with the highest score for it. When a member leaves, only its own
 * slots move; when one joins, slots move only to it. Shares are proportional to weights on average
 * and vary as random numbers do.
 *
 * @param members The members in canonical order.
 * @param preferences The slots' preferences, for these or any other members.
 */
export function layOutRendezvous(
  members: readonly WeightedMember[],
  preferences: Preferences,
): Placement {
  const quotas = new Uint32Array(members.length).fill(preferences.slots);
  return layOutCapped(members, quotas, preferences);
}

/**
 * Gives each slot to the member with the highest score for it that has not reached its quota.
 *
 * @param members The members in canonical order.
 * @param quotas For each member the most slots that it can get, if its weight is above 0; together
 * at least as many as there are, unless there are no members.
 * @param preferences The slots' preferences, for these or any other members.
 */
export function layOutCapped(
  members: readonly WeightedMember[],
  quotas: Uint32Array,
  preferences: Preferences,
): Placement {
  preferences.follow(members);
  const table = new Uint16Array(preferences.slots);
  if (members.length > 0) assignSlots(table, preferences, new Quotas(preferences.seats, quotas));
  return { table, preferences, rank: rankByScore(members, table) };
}

/**
 * Returns the function that ranks the members for a slot: the owner first, then by score.
 *
 * @param members The members in canonical order.
 * @param table For each slot its owner.
 */
export function rankByScore(
  members: readonly WeightedMember[],
  table: Readonly<Uint16Array>,
): Placement["rank"] {
  // Most rings are only used for owners, and hashing the names again takes time.
  let ranking: Ranking | undefined;
  return (slot) => {
    ranking ??= new Ranking(members);
    return ranking.of(slot, table[slot]!);
  };
}

function assignSlots(table: Uint16Array, preferences: Preferences, quotas: Quotas): void {
  const { order, seats } = preferences;
  for (let turn = 0; turn < order.length; turn++) {
    const slot = order[turn]!;
    let seat = preferences.remembered(slot, quotas.left);
    if (seat < 0) seat = preferences.best(slot, quotas.open, quotas.openCount);
    table[slot] = seats.indexes[seat]!;
    quotas.use(seat);
  }
}

/** The remaining quotas of the members. */
class Quotas {
  /** For each seat the number of slots that its member can still get. */
  readonly left: Uint32Array;
  /** The seats of members that can still get slots. */
  readonly open: Uint16Array;
  /** The number of open seats; entries behind them do not count. */
  openCount = 0;
  /** For each open seat its position in `open`. */
  readonly #places: Uint16Array;

  constructor(seats: Seats, quotas: Uint32Array) {
    this.left = new Uint32Array(seats.count);
    this.open = new Uint16Array(seats.count);
    this.#places = new Uint16Array(seats.count);
    for (let seat = 0; seat < seats.count; seat++) {
      this.left[seat] = seats.weights[seat]! > 0 ? quotas[seats.indexes[seat]!]! : 0;
      if (this.left[seat]! > 0) this.#put(seat, this.openCount++);
    }
  }

  use(seat: number): void {
    this.left[seat]! -= 1;
    if (this.left[seat] === 0) this.#put(this.open[--this.openCount]!, this.#places[seat]!);
  }

  #put(seat: number, place: number): void {
    this.open[place] = seat;
    this.#places[seat] = place;
  }
}
