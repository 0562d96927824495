/**
 * Layout `rendezvous`, and the capped form of it that layout `even` is made of.
 *
 * @module
 */

import { fmix32 } from "./fmix32.ts";
import type { WeightedMember } from "./members.ts";
import type { Placement } from "./placement.ts";
import { Candidates } from "./scores.ts";

/**
 * Gives each slot to the member with the highest score for it. When a member leaves, only its own
 * slots move; when one joins, slots move only to it. Shares are proportional to weights on average
 * and vary as random numbers do.
 *
 * @param members The members in canonical order.
 * @param slots The number of slots.
 */
export function layOutRendezvous(members: readonly WeightedMember[], slots: number): Placement {
  return layOutCapped(members, members.map(({ weight }) => weight > 0 ? slots : 0), slots);
}

/**
 * Gives each slot to the member with the highest score for it that has not yet its quota.
 *
 * @param members The members in canonical order.
 * @param quotas For each member the most slots that it can get; together at least `slots`, unless
 * there are no members.
 * @param slots The number of slots.
 */
export function layOutCapped(
  members: readonly WeightedMember[],
  quotas: readonly number[],
  slots: number,
): Placement {
  const table = new Uint16Array(slots);
  if (members.length > 0) {
    assignSlots(
      table,
      candidatesOf(members, (at) => quotas[at]! > 0),
      quotas,
    );
  }
  // Most rings are never asked for more than owners, and hashing the names again takes time.
  let ranking: Candidates | undefined;
  const resting = members.flatMap(({ weight }, at) => weight > 0 ? [] : [at]);
  return {
    table,
    virtualServers: [],
    rank: (slot) => {
      ranking ??= candidatesOf(members, (at) => members[at]!.weight > 0);
      return [...ownerFirst(table[slot]!, ranking.ranked(slot)), ...resting];
    },
  };
}

function candidatesOf(
  members: readonly WeightedMember[],
  isCandidate: (index: number) => boolean,
): Candidates {
  return new Candidates(members, [...members.keys()].filter(isCandidate));
}

function assignSlots(table: Uint16Array, candidates: Candidates, quotas: readonly number[]): void {
  const left = Uint32Array.from(quotas);
  for (const slot of inHashOrder(table.length)) {
    const position = candidates.best(slot);
    const owner = candidates.memberAt(position);
    table[slot] = owner;
    left[owner] = left[owner]! - 1;
    if (left[owner] === 0) candidates.remove(position);
  }
}

/** In plain order the last slots, which go to whoever has quota left, would all be neighbours. */
function inHashOrder(slots: number): Float64Array {
  // The slot rides below its hash in one number, as numbers alone sort natively.
  const keys = new Float64Array(slots).map((_, slot) => fmix32(slot) * 0x1_0000 + slot);
  return keys.sort().map((key) => key % 0x1_0000);
}

function ownerFirst(owner: number, ranked: readonly number[]): number[] {
  if (ranked.length === 0) return [];
  return [owner, ...ranked.filter((member) => member !== owner)];
}
