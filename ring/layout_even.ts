/**
 * Layout `even`: rendezvous with a quota for each member.
 *
 * @module
 */

import { layOutCapped } from "./layout_rendezvous.ts";
import type { WeightedMember } from "./members.ts";
import type { Placement } from "./placement.ts";

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
 * @param slots The number of slots.
 */
export function layOutEven(members: readonly WeightedMember[], slots: number): Placement {
  return layOutCapped(members, quotasOf(members, slots), slots);
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
export function quotasOf(members: readonly WeightedMember[], slots: number): number[] {
  const shares = exactShares(members, slots);
  const quotas = shares.map(Math.floor);
  const unassigned = slots - quotas.reduce((sum, quota) => sum + quota, 0);
  for (const index of byDescendingRemainder(shares).slice(0, unassigned)) {
    quotas[index] = quotas[index]! + 1;
  }
  return quotas;
}

function exactShares(members: readonly WeightedMember[], slots: number): number[] {
  // Relative to the heaviest, so that a sum of huge weights does not overflow.
  const heaviest = members.reduce((most, { weight }) => Math.max(most, weight), 0);
  const weights = members.map(({ weight }) => weight / heaviest);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => slots * weight / total);
}

function byDescendingRemainder(shares: readonly number[]): number[] {
  const remainders = shares.map((share) => share % 1);
  return [...shares.keys()].sort((a, b) => remainders[b]! - remainders[a]! || a - b);
}
