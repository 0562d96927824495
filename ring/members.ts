/**
 * Members of a ring: their names, weights and canonical order.
 *
 * @module
 */

import { trailingNumber } from "./trailing_number.ts";

/** A member of a ring. */
export interface Member {
  /** A non-empty string that is unique in the ring. */
  readonly name: string;
  /**
   * The member's share relative to the others', a finite number from 0 up; 1 if not given. A member
   * of weight 0 owns no slot and comes last in every walk.
   */
  readonly weight?: number;
}

/** A member with its weight filled in. */
export type WeightedMember = Required<Member>;

/**
 * Checks members and puts them in canonical order: names that end with no number first, then by
 * that number, names of equal rank by their code units. So Server2 comes before Server10.
 *
 * @param members Names, or members with weights, in any order.
 * @returns The same members in canonical order, frozen.
 * @throws {TypeError} When this is no array, a name no string, or a weight no number.
 * @throws {RangeError} When a name is empty or given twice, or when a weight is negative or not
 * finite, or when there are members and all have weight 0.
 */
export function canonicalMembers(
  members: readonly (string | Member)[],
): readonly WeightedMember[] {
  if (!Array.isArray(members)) throw new TypeError(`members must be an array, got ${members}`);
  const weighted = members.map(weightedMember);
  refuseDuplicates(weighted);
  refuseNoWeight(weighted);
  return Object.freeze(inCanonicalOrder(weighted));
}

/**
 * Checks a member and fills in its weight.
 *
 * @param member A name, or a member with a weight.
 * @throws {TypeError} When the name is no string or the weight no number.
 * @throws {RangeError} When the name is empty, or the weight negative or not finite.
 */
export function weightedMember(member: string | Member): WeightedMember {
  const { name, weight = 1 } = typeof member === "string" ? { name: member } : member;
  if (typeof name !== "string") {
    throw new TypeError(`members must have strings as names, got ${name}`);
  }
  if (name === "") throw new RangeError('members must have names that are not empty, got ""');
  refuseBadWeight(name, weight);
  return Object.freeze({ name, weight });
}

/**
 * Checks that at least one member can own a slot.
 *
 * @param members The members.
 * @throws {RangeError} When there are members and all have weight 0.
 */
export function refuseNoWeight(members: readonly WeightedMember[]): void {
  if (members.length > 0 && members.every(({ weight }) => weight === 0)) {
    throw new RangeError("members must include one of a weight above 0, got only weights of 0");
  }
}

/**
 * Returns the index of a name among members in canonical order, or its insertion index.
 *
 * @param members The members in canonical order.
 * @param name The name.
 * @returns The index of the first member that is not before the name.
 */
export function placeOf(members: readonly WeightedMember[], name: string): number {
  let [low, high] = [0, members.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareNames(members[middle]!.name, name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function refuseBadWeight(name: string, weight: number): void {
  if (typeof weight !== "number") {
    throw new TypeError(`weight of "${name}" must be a number, got ${weight}`);
  }
  if (!(weight >= 0 && weight < Infinity)) {
    throw new RangeError(`weight of "${name}" must be a finite number from 0 up, got ${weight}`);
  }
}

function refuseDuplicates(members: readonly WeightedMember[]): void {
  const names = new Set<string>();
  for (const { name } of members) {
    if (names.has(name)) {
      throw new RangeError(`members must have different names, got "${name}" twice`);
    }
    names.add(name);
  }
}

function inCanonicalOrder(members: readonly WeightedMember[]): WeightedMember[] {
  return members
    .map((member) => ({ member, rank: rankOf(member.name) }))
    .sort((a, b) => a.rank - b.rank || compareCodeUnits(a.member.name, b.member.name))
    .map(({ member }) => member);
}

function compareNames(a: string, b: string): number {
  return rankOf(a) - rankOf(b) || compareCodeUnits(a, b);
}

function rankOf(name: string): number {
  return trailingNumber(name) ?? -1;
}

function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
