/**
 * Layout `even`: rendezvous with a quota for each member.
 *
 * @module
 */

import { layOutCapped } from "./layout_rendezvous.ts";
import type { WeightedMember } from "./members.ts";
import type { Placement } from "./placement.ts";
import type { Preferences } from "./preferences.ts";

/**
 * Gives each member its exact share of the slots, rounded up or down, and each slot to the member
 * with the highest rendezvous score that has not yet its share. Slots are given out in a fixed
 * pseudo-random order.
 *
 * The price of exact shares is that a change of members also moves slots between those that stay.
 * Measured with 512 slots: about 1 % of them when one of 3 members leaves, 2.5 % when one of 10,
 * 4.4 % when one of 50, and never more than 6.5 % for members named Server1, Server2, ...
 *
 * @param members The members in canonical order.
 * @param preferences The slots' preferences, for these or any other members.
 */
export function layOutEven(
  members: readonly WeightedMember[],
  preferences: Preferences,
): Placement {
  return layOutCapped(members, quotasOf(members, preferences.slots), preferences);
}

/**
 * Shares out slots by weight with the method of the largest remainder (Hamilton's): each member
 * gets the floor or the ceiling of its exact share, and the shares add up to all slots. Of equal
 * remainders the one that is first in canonical order is rounded up.
 *
 * @param members The members in canonical order.
 * @param slots The number of slots.
 * @returns For each member its number of slots.
 */
export function quotasOf(members: readonly WeightedMember[], slots: number): Uint32Array {
  const shares = exactShares(members, slots);
  const quotas = Uint32Array.from(shares);
  const remainders = shares.map((share, at) => share - quotas[at]!);
  let unassigned = slots - sumOf(quotas);
  // Sorted as bare numbers: with members and a comparison it takes ten times as long.
  const least = remainders.toSorted()[members.length - unassigned] ?? Infinity;
  const roundUp = (isMeant: (remainder: number) => boolean) => {
    for (let at = 0; at < quotas.length && unassigned > 0; at++) {
      if (!isMeant(remainders[at]!)) continue;
      quotas[at]! += 1;
      unassigned -= 1;
    }
  };
  roundUp((remainder) => remainder > least);
  roundUp((remainder) => remainder === least);
  return quotas;
}

function exactShares(members: readonly WeightedMember[], slots: number): Float64Array {
  // Loops rather than callbacks, which would take four times as long, as long as the layout.
  const shares = new Float64Array(members.length);
  for (let at = 0; at < shares.length; at++) shares[at] = members[at]!.weight;
  let heaviest = 0;
  for (let at = 0; at < shares.length; at++) heaviest = Math.max(heaviest, shares[at]!);
  // Relative to the heaviest, so that a sum of huge weights does not overflow.
  for (let at = 0; at < shares.length; at++) shares[at]! /= heaviest;
  const total = sumOf(shares);
  for (let at = 0; at < shares.length; at++) shares[at] = slots * shares[at]! / total;
  return shares;
}

function sumOf(numbers: Float64Array | Uint32Array): number {
  let sum = 0;
  for (let at = 0; at < numbers.length; at++) sum += numbers[at]!;
  return sum;
}
