/**
 * Changes of a ring's members.
 *
 * @module
 */

import {
  type Member,
  placeOf,
  refuseNoWeight,
  type WeightedMember,
  weightedMember,
} from "./members.ts";

/** A change of the members of a ring, applied in this order: removals, additions, weights. */
export interface Change {
  /** New members: names, or members with weights, in any order. */
  readonly add?: readonly (string | Member)[];
  /**
   * Names of members to remove, in any order. A removed name may be added again in the same change.
   */
  readonly remove?: readonly string[];
  /** New weights by name, of members that stay or join. */
  readonly weights?: Readonly<Record<string, number>>;
}

/**
 * Returns the members after a change.
 *
 * @param members The members before the change, in canonical order. The array is not modified.
 * @param change The change.
 * @returns The members in canonical order, frozen.
 * @throws {TypeError} When a field is of the wrong type.
 * @throws {RangeError} When a member to remove or reweight does not exist, when a member to add
 * already exists, when a name is empty or given twice, when a weight is negative or not finite, or
 * when members remain and all have weight 0.
 */
export function changedMembers(
  members: readonly WeightedMember[],
  { add = [], remove = [], weights = {} }: Change,
): readonly WeightedMember[] {
  if (!Array.isArray(add)) throw new TypeError(`add must be an array, got ${add}`);
  if (!Array.isArray(remove)) throw new TypeError(`remove must be an array, got ${remove}`);
  const changed = [...members];
  for (const name of remove) changed.splice(findMember(changed, name, "remove"), 1);
  for (const member of add) insertMember(changed, weightedMember(member));
  for (const [name, weight] of Object.entries(weights)) {
    changed[findMember(changed, name, "weights")] = weightedMember({ name, weight });
  }
  refuseNoWeight(changed);
  return Object.freeze(changed);
}

function findMember(members: WeightedMember[], name: string, field: keyof Change): number {
  if (typeof name !== "string") throw new TypeError(`${field} must have strings, got ${name}`);
  const at = placeOf(members, name);
  if (members[at]?.name === name) return at;
  throw new RangeError(`${field} must have names of members, each once, got "${name}"`);
}

function insertMember(members: WeightedMember[], member: WeightedMember): void {
  const at = placeOf(members, member.name);
  if (members[at]?.name === member.name) {
    throw new RangeError(`add must have names that no member has, each once, got "${member.name}"`);
  }
  members.splice(at, 0, member);
}
