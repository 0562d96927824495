/**
 * The members that each slot prefers.
 *
 * @module
 */

import type { WeightedMember } from "./members.ts";
import { hashOfPair, hashOfSlot } from "./scores.ts";
import { Seats } from "./seats.ts";
import { Shortlist } from "./shortlist.ts";
import { inHashOrder } from "./slot_order.ts";

/**
 * The number of members that a slot remembers. If members have quotas, all but 4 % of the slots of
 * a ring of 1000 go to one of these.
 */
const DEPTH = 8;

/** A slot that remembers fewer members searches for more. */
const SHALLOW = 4;

/** The average number of members that a slot examines closely to find the `DEPTH` best. */
const CLOSE_LOOKS = 12;

/**
 * The few members that each slot prefers, by rendezvous scores. Finding them takes a hash for each
 * pair of slot and member, and is deferred until the first change of few members. Later changes
 * take a hash for each slot and new member, and a search for the few slots that have lost too many.
 *
 * Rings that are derived from each other share one of these, in turns: it follows the given
 * members, and its results do not depend on the members before.
 */
export class Preferences {
  /** The number of slots. */
  readonly slots: number;
  /** All slots in the fixed pseudo-random order in which they are given out. */
  readonly order: Uint16Array;
  /** The members of a weight above 0. */
  readonly seats: Seats = new Seats();

  readonly #slotHashes: Int32Array;
  // For each slot room for DEPTH seats, of which the first `#lengths` are in use: the seats that
  // the slot prefers to all others, best first.
  #lists = new Uint16Array(0);
  readonly #lengths: Uint8Array;
  // The scores of the list that is being computed.
  readonly #scores = new Float64Array(DEPTH);

  /** @param slots The number of slots. */
  constructor(slots: number) {
    this.slots = slots;
    this.order = inHashOrder(slots);
    this.#slotHashes = hashesOf(slots);
    this.#lengths = new Uint8Array(slots);
  }

  /**
   * Switches to these members.
   *
   * @param members All members in canonical order.
   */
  follow(members: readonly WeightedMember[]): void {
    const { left, taken } = this.seats.seat(members);
    let known = this.seats.taken - taken.length;
    if (taken.length > known / 4) {
      // The ring may never be changed, as after a build: the slots forget all members.
      this.#lengths.fill(0);
      return;
    }
    if (left.length > 0) this.#forget(left);
    for (const seat of taken) this.#admit(seat, known++);
    this.#deepen();
  }

  /**
   * Returns the seat that a slot prefers among the open ones, if it remembers any of these.
   *
   * @param slot The slot.
   * @param open For each seat a number other than 0 if the seat is open.
   * @returns The seat, or -1.
   */
  remembered(slot: number, open: Readonly<Uint32Array>): number {
    const lists = this.#lists;
    const start = slot * DEPTH;
    const end = start + this.#lengths[slot]!;
    for (let at = start; at < end; at++) if (open[lists[at]!] !== 0) return lists[at]!;
    return -1;
  }

  /**
   * Returns the seat that a slot prefers among the given ones.
   *
   * @param slot The slot.
   * @param among Seats in any order.
   * @param count How many of these count, at least 1.
   */
  best(slot: number, among: Readonly<Uint16Array>, count: number): number {
    const slotHash = this.#slotHashes[slot]!;
    return this.seats.isWeighted
      ? bestByScore(this.seats, slotHash, among, count)
      : bestByHash(this.seats, slotHash, among, count);
  }

  #forget(left: readonly number[]): void {
    const isGone = new Uint8Array(this.seats.count);
    for (const seat of left) isGone[seat] = 1;
    const lists = this.#lists;
    for (let slot = 0; slot < this.slots; slot++) {
      const start = slot * DEPTH;
      const end = start + this.#lengths[slot]!;
      let kept = start;
      for (let at = start; at < end; at++) {
        if (isGone[lists[at]!] === 0) lists[kept++] = lists[at]!;
      }
      this.#lengths[slot] = kept - start;
    }
  }

  #admit(seat: number, known: number): void {
    for (let slot = 0; slot < this.slots; slot++) {
      if (!this.#belongs(slot, seat, known)) continue;
      this.#recallScores(slot);
      this.#insert(slot, this.seats.score(this.#slotHashes[slot]!, seat), seat);
    }
  }

  /**
   * A member that ranks below all on a slot's list may also rank below some that are not on the
   * list.
   */
  #belongs(slot: number, seat: number, known: number): boolean {
    const length = this.#lengths[slot]!;
    if (length === known) return true;
    if (length === 0) return false;
    const slotHash = this.#slotHashes[slot]!;
    const last = this.#lists[slot * DEPTH + length - 1]!;
    const lowest = this.seats.score(slotHash, last);
    return this.seats.mayReach(slotHash, seat, lowest) &&
      this.seats.isPreferred(this.seats.score(slotHash, seat), seat, lowest, last);
  }

  #recallScores(slot: number): void {
    const slotHash = this.#slotHashes[slot]!;
    for (let at = 0; at < this.#lengths[slot]!; at++) {
      this.#scores[at] = this.seats.score(slotHash, this.#lists[slot * DEPTH + at]!);
    }
  }

  #insert(slot: number, score: number, seat: number): void {
    const seats = this.seats;
    const lists = this.#lists;
    const scores = this.#scores;
    const start = slot * DEPTH;
    let at = this.#lengths[slot]!;
    if (at < DEPTH) this.#lengths[slot] = at + 1;
    else if (!seats.isPreferred(score, seat, scores[--at]!, lists[start + at]!)) return;
    for (; at > 0; at--) {
      const above = lists[start + at - 1]!;
      if (!seats.isPreferred(score, seat, scores[at - 1]!, above)) break;
      scores[at] = scores[at - 1]!;
      lists[start + at] = above;
    }
    scores[at] = score;
    lists[start + at] = seat;
  }

  #deepen(): void {
    if (this.#lists.length === 0) this.#lists = new Uint16Array(this.slots * DEPTH);
    const wanted = Math.min(SHALLOW, this.seats.taken);
    let likely: Shortlist | undefined;
    let all: Shortlist | undefined;
    for (let slot = 0; slot < this.slots; slot++) {
      if (this.#lengths[slot]! >= wanted) continue;
      this.#search(slot, likely ??= new Shortlist(this.seats, CLOSE_LOOKS));
      if (this.#lengths[slot]! >= wanted) continue;
      this.#search(slot, all ??= new Shortlist(this.seats, Infinity));
    }
  }

  #search(slot: number, shortlist: Shortlist): void {
    const slotHash = this.#slotHashes[slot]!;
    const length = shortlist.search(slotHash);
    this.#lengths[slot] = 0;
    for (let at = 0; at < length; at++) {
      const seat = shortlist.found[at]!;
      const score = this.seats.score(slotHash, seat);
      if (shortlist.passes(seat, score)) this.#insert(slot, score, seat);
    }
  }
}

function hashesOf(slots: number): Int32Array {
  const hashes = new Int32Array(slots);
  for (let slot = 0; slot < slots; slot++) hashes[slot] = hashOfSlot(slot);
  return hashes;
}

function bestByScore(
  seats: Seats,
  slotHash: number,
  among: Readonly<Uint16Array>,
  count: number,
): number {
  let best = among[0]!;
  let highest = seats.score(slotHash, best);
  for (let at = 1; at < count; at++) {
    const seat = among[at]!;
    if (!seats.mayReach(slotHash, seat, highest)) continue;
    const score = seats.score(slotHash, seat);
    if (!seats.isPreferred(score, seat, highest, best)) continue;
    highest = score;
    best = seat;
  }
  return best;
}

/**
 * Separate from the search by scores: V8 compares integers faster where it sees no other numbers.
 */
function bestByHash(
  seats: Seats,
  slotHash: number,
  among: Readonly<Uint16Array>,
  count: number,
): number {
  const { firstWords, secondWords } = seats;
  let best = among[0]!;
  let highest = hashOfPair(slotHash, firstWords[best]!, secondWords[best]!);
  for (let at = 1; at < count; at++) {
    const seat = among[at]!;
    const hash = hashOfPair(slotHash, firstWords[seat]!, secondWords[seat]!);
    if (hash < highest || !seats.isPreferred(hash, seat, highest, best)) continue;
    highest = hash;
    best = seat;
  }
  return best;
}
