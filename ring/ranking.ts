/**
 * All members in the order in which a slot prefers them.
 *
 * @module
 */

import type { WeightedMember } from "./members.ts";
import { hashOfSlot } from "./scores.ts";
import { Seats } from "./seats.ts";

/** How slots rank members by rendezvous scores. */
export class Ranking {
  readonly #seats = new Seats();
  readonly #resting: readonly number[];

  /** @param members The members in canonical order. */
  constructor(members: readonly WeightedMember[]) {
    this.#seats.seat(members);
    this.#resting = members.flatMap(({ weight }, index) => weight > 0 ? [] : [index]);
  }

  /**
   * The indexes of all members: the owner, the others by descending score, equal ones in canonical
   * order, and last those of weight 0.
   *
   * @param slot The slot to rank them for.
   * @param owner The index of its owner.
   */
  of(slot: number, owner: number): number[] {
    const seats = this.#seats;
    const slotHash = hashOfSlot(slot);
    const scores = Array.from({ length: seats.count }, (_, seat) => seats.score(slotHash, seat));
    const ranked = [...scores.keys()]
      .sort((a, b) => scores[b]! - scores[a]! || a - b)
      .map((seat) => seats.indexes[seat]!);
    if (ranked.length === 0) return [];
    return [owner, ...ranked.filter((index) => index !== owner), ...this.#resting];
  }
}
