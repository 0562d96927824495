/**
 * Layout `ring`: virtual servers on a circle of slots.
 *
 * Source: Karger and others, Consistent hashing and random trees, STOC 1997; the circle of slots
 * with linear probing is the seed document's.
 *
 * @module
 */

import type { HashFamily } from "./hash_family.ts";
import type { WeightedMember } from "./members.ts";
import { murmur3 } from "./murmur3.ts";
import type { Placement, VirtualServer } from "./placement.ts";
import { trailingNumber } from "./trailing_number.ts";

/** Marks a slot without a virtual server. */
const VACANT = -1;

/**
 * Places the virtual servers of each member, in ascending order of its number, then its name, each
 * on the slot that the hash function gives or the first free one clockwise from there. A slot
 * belongs to the first virtual server at or after it.
 *
 * @param members The members in canonical order. Their virtual servers must fit into the slots.
 * @param slots The number of slots.
 * @param virtualServers The number of virtual servers of a member of weight 1.
 * @param family The hash functions.
 * @throws {RangeError} When a custom hash function returns a value that is not a whole number.
 */
export function layOutRing(
  members: readonly WeightedMember[],
  slots: number,
  virtualServers: number,
  family: HashFamily,
): Placement {
  const order = inPlacementOrder(members);
  const circle = new Circle(slots);
  for (const { member, at, id } of order) {
    const count = virtualServerCount(member, virtualServers);
    for (let index = 0; index < count; index++) {
      circle.place(at, index, family.virtualServer(id, index, slots));
    }
  }
  const table = circle.owners();
  return {
    table,
    virtualServers: () => circle.virtualServers(order),
    rank: rankClockwise(members, table),
  };
}

/**
 * Returns the function that ranks the members for a slot: clockwise from the slot, those of weight 0
 * last.
 *
 * @param members The members in canonical order.
 * @param table For each slot its owner.
 */
export function rankClockwise(
  members: readonly WeightedMember[],
  table: Readonly<Uint16Array>,
): Placement["rank"] {
  return (slot) => distinctClockwise(table, slot, members);
}

/**
 * Returns the number of a member's virtual servers: its weight times the given number, rounded, but
 * at least one if it has any weight.
 *
 * @param member The member.
 * @param virtualServers The number of virtual servers of a member of weight 1.
 */
export function virtualServerCount(member: WeightedMember, virtualServers: number): number {
  return member.weight === 0 ? 0 : Math.max(1, Math.round(virtualServers * member.weight));
}

/** A member, its index in canonical order, and its number or a hash of its name. */
interface Placing {
  readonly member: WeightedMember;
  readonly at: number;
  readonly id: number;
}

function inPlacementOrder(members: readonly WeightedMember[]): Placing[] {
  return members
    .map((member, at) => ({ member, at, id: trailingNumber(member.name) ?? murmur3(member.name) }))
    .sort((a, b) => a.id - b.id || a.at - b.at);
}

/**
 * Linear probing with memory. Each taken slot points to a later one, and a search shortens the path
 * that it takes (union-find with path halving), so that clusters of the seed's formulas do not make
 * a large ring quadratic.
 */
class FreeSlots {
  readonly #next: Uint16Array;

  constructor(slots: number) {
    this.#next = new Uint16Array(slots);
    for (let slot = 0; slot < slots; slot++) this.#next[slot] = slot;
  }

  /** Takes the first free slot at or after `home`; there must be one. */
  take(home: number): number {
    const next = this.#next;
    let slot = home;
    while (next[slot] !== slot) {
      next[slot] = next[next[slot]!]!;
      slot = next[slot]!;
    }
    next[slot] = (slot + 1) % next.length;
    return slot;
  }
}

/**
 * The placed virtual servers, by slot. They are stored as numbers: an object for each would take
 * most of the time of a change, and few callers need them.
 */
class Circle {
  readonly #free: FreeSlots;
  /** The index of the member in canonical order, or `VACANT`. */
  readonly #members: Int32Array;
  readonly #indexes: Uint16Array;
  readonly #homes: Uint16Array;

  constructor(slots: number) {
    this.#free = new FreeSlots(slots);
    this.#members = new Int32Array(slots).fill(VACANT);
    this.#indexes = new Uint16Array(slots);
    this.#homes = new Uint16Array(slots);
  }

  /** Places a virtual server of a member on its home or the first free slot clockwise from there. */
  place(member: number, index: number, home: number): void {
    const slot = this.#free.take(home);
    this.#members[slot] = member;
    this.#indexes[slot] = index;
    this.#homes[slot] = home;
  }

  /** For each slot the member of the first virtual server at or after it; 0 where there is none. */
  owners(): Uint16Array {
    const members = this.#members;
    const table = new Uint16Array(members.length);
    // The slots behind the last virtual server belong to the first one, beyond the end.
    let owner = firstOccupant(members);
    for (let slot = members.length - 1; slot >= 0; slot--) {
      if (members[slot] !== VACANT) owner = members[slot]!;
      table[slot] = owner;
    }
    return table;
  }

  /** The virtual servers by member, in the order in which the members were placed, and by index. */
  virtualServers(order: readonly Placing[]): VirtualServer[] {
    const byMember = order.map((): VirtualServer[] => []);
    const names = new Array<string>(order.length);
    for (const { at, member } of order) names[at] = member.name;
    for (const [slot, at] of this.#members.entries()) {
      if (at === VACANT) continue;
      const [index, home] = [this.#indexes[slot]!, this.#homes[slot]!];
      byMember[at]![index] = Object.freeze({ member: names[at]!, index, home, slot });
    }
    return order.flatMap(({ at }) => byMember[at]!);
  }
}

function firstOccupant(members: Int32Array): number {
  for (const member of members) if (member !== VACANT) return member;
  return 0;
}

function distinctClockwise(
  table: Readonly<Uint16Array>,
  slot: number,
  members: readonly WeightedMember[],
): number[] {
  if (members.length === 0) return [];
  const order = new Set<number>();
  for (let step = 0; step < table.length && order.size < members.length; step++) {
    order.add(table[(slot + step) % table.length]!);
  }
  // Members without virtual servers, in canonical order.
  for (const member of members.keys()) order.add(member);
  return [...order];
}
