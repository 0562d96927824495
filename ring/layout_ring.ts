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
 * @throws {RangeError} When a hash function of the user's own returns no whole number.
 */
export function layOutRing(
  members: readonly WeightedMember[],
  slots: number,
  virtualServers: number,
  family: HashFamily,
): Placement {
  const free = new FreeSlots(slots);
  const occupants = new Int32Array(slots).fill(VACANT);
  const placed: VirtualServer[] = [];
  for (const { member, at, id } of inPlacementOrder(members)) {
    for (let index = 0; index < virtualServerCount(member, virtualServers); index++) {
      const home = family.virtualServer(id, index, slots);
      const slot = free.take(home);
      occupants[slot] = at;
      placed.push(Object.freeze({ member: member.name, index, home, slot }));
    }
  }
  const table = ownersClockwise(occupants);
  return {
    table,
    virtualServers: placed,
    rank: (slot) => distinctClockwise(table, slot, members),
  };
}

/**
 * How many virtual servers a member has: its weight times the number given, rounded, but one at
 * least if it has any weight.
 *
 * @param member The member.
 * @param virtualServers The number of virtual servers of a member of weight 1.
 */
export function virtualServerCount(member: WeightedMember, virtualServers: number): number {
  return member.weight === 0 ? 0 : Math.max(1, Math.round(virtualServers * member.weight));
}

function inPlacementOrder(members: readonly WeightedMember[]) {
  return members
    .map((member, at) => ({ member, at, id: trailingNumber(member.name) ?? murmur3(member.name) }))
    .sort((a, b) => a.id - b.id || a.at - b.at);
}

/**
 * Linear probing that remembers. Each taken slot points to one further on, and a search shortens
 * the path it takes (union-find with path halving), so that the clusters of the seed's formulas do
 * not make a large ring quadratic.
 */
class FreeSlots {
  readonly #next: Uint16Array;

  constructor(slots: number) {
    this.#next = new Uint16Array(slots).map((_, slot) => slot);
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

function ownersClockwise(occupants: Int32Array): Uint16Array {
  const table = new Uint16Array(occupants.length);
  // The slots behind the last virtual server belong to the first one, beyond the end.
  let owner = occupants.find((occupant) => occupant !== VACANT) ?? 0;
  for (let slot = occupants.length - 1; slot >= 0; slot--) {
    if (occupants[slot] !== VACANT) owner = occupants[slot]!;
    table[slot] = owner;
  }
  return table;
}

function distinctClockwise(
  table: Uint16Array,
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
