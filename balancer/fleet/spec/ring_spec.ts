/**
 * The inputs of a ring: weights and shape. Pure.
 *
 * @module
 */
import { refuseOverflow } from "../../../ring/layouts.ts";
import {
  type HashFamilyName,
  type Layout,
  type Member,
  Ring,
  ringCapacity,
  RingFullError,
  type RingOptions,
} from "../../../ring/mod.ts";
import { completeOptions } from "../../../ring/options.ts";

/** Shape of a ring, independent of its members. */
export interface RingShape {
  /** M, the number of slots. */
  readonly slots: number;
  /** K, the virtual servers of a member of weight 1; used by layout `ring` only. */
  readonly virtualServers: number;
  readonly layout: Layout;
  readonly hashes: HashFamilyName;
}

/** The inputs of a ring. */
export interface RingSpec {
  /** Weight of each member, by name. */
  readonly weights: ReadonlyMap<string, number>;
  readonly shape: RingShape;
}

/** Facts about a ring. */
export interface RingFacts extends RingShape {
  /** Number of members, including those of weight 0. */
  readonly members: number;
  readonly digest: string;
  /**
   * Largest ratio of a member's share of slots to its share of weight; 1 is perfect, 0 if there are
   * no members.
   */
  readonly maxOverMean: number;
  /** Number of members of weight 1 that the ring has room for. */
  readonly capacity: number;
}

/**
 * Builds the ring.
 *
 * @param ringSpec weights and shape
 * @param kin a ring of mostly the same members, which speeds up the build
 * @throws {RangeError} the shape is out of bounds, or all weights are 0
 * @throws {RingFullError} the members need more slots than the ring has
 */
export function ringOf(ringSpec: RingSpec, kin?: Ring): Ring {
  return Ring.build(ringOptions(ringSpec), kin);
}

/** Returns the options of the ring. */
export function ringOptions(ringSpec: RingSpec): RingOptions {
  return { ...ringSpec.shape, members: membersOf(ringSpec) };
}

function membersOf({ weights }: RingSpec): Member[] {
  return [...weights].map(([name, weight]) => ({ name, weight }));
}

/**
 * Reports whether {@linkcode ringOf} would build this ring.
 *
 * @param ring a ring
 * @param ringSpec weights and shape
 */
export function isRingOf({ options }: Ring, { weights, shape }: RingSpec): boolean {
  const { members, slots, virtualServers, layout, hashes } = options;
  return members.length === weights.size &&
    sameShape({ slots, virtualServers, layout, hashes }, shape) &&
    members.every(({ name, weight }) => weights.get(name) === weight);
}

/** Reports whether two shapes are equal. */
export function sameShape(
  a: { readonly [Field in keyof RingShape]: unknown },
  b: RingShape,
): boolean {
  return a.slots === b.slots && a.virtualServers === b.virtualServers &&
    a.layout === b.layout && a.hashes === b.hashes;
}

/** Reports whether two ring specs are equal. */
export function sameRingSpec(a: RingSpec, b: RingSpec): boolean {
  return sameShape(a.shape, b.shape) && a.weights.size === b.weights.size &&
    [...a.weights].every(([name, weight]) => b.weights.get(name) === weight);
}

/**
 * Reports whether the ring can be built: a member has a weight above 0, and all have room. The ring
 * is not built for that, which takes 0.3 s for a thousand members on 65,536 slots.
 *
 * @throws {RangeError} the shape is out of bounds
 */
export function isPossible(ringSpec: RingSpec): boolean {
  if (ringSpec.weights.size === 0) return true;
  if (!serves(ringSpec)) return false;
  try {
    refuseOverflow(completeOptions(ringOptions(ringSpec)));
    return true;
  } catch (error) {
    if (error instanceof RingFullError) return false;
    throw error;
  }
}

/** Reports whether a member owns slots. */
export function serves({ weights }: RingSpec): boolean {
  return [...weights.values()].some((weight) => weight > 0);
}

/**
 * Returns the facts about a ring.
 *
 * @param ring the ring
 * @param ringSpec desired weights and shape; the ring's own weights may be lower during a slow
 *   start
 */
export function factsOf(ring: Ring, { weights, shape }: RingSpec): RingFacts {
  return {
    ...shape,
    members: weights.size,
    digest: ring.digest,
    maxOverMean: maxOverMean(slotsOf(ring), weights),
    capacity: ringCapacity(shape),
  };
}

/** Rings do not change, and the status is read more often than the ring is. */
const slotCounts = new WeakMap<Ring, ReadonlyMap<string, number>>();

/** Returns the number of slots of each member, by name. */
export function slotsOf(ring: Ring): ReadonlyMap<string, number> {
  const before = slotCounts.get(ring);
  if (before) return before;
  const counted = countSlots(ring);
  slotCounts.set(ring, counted);
  return counted;
}

function countSlots(ring: Ring): Map<string, number> {
  const counts = new Uint32Array(ring.members.length);
  if (counts.length > 0) { for (const owner of ring.table) counts[owner]!++; }
  return new Map(ring.members.map((name, at) => [name, counts[at]!]));
}

function maxOverMean(
  slots: ReadonlyMap<string, number>,
  weights: ReadonlyMap<string, number>,
): number {
  const total = sum(slots.values()) / sum(weights.values());
  const owners = [...weights].filter(([, weight]) => weight > 0);
  const ratios = owners.map(([name, weight]) => (slots.get(name) ?? 0) / weight / total);
  return ratios.reduce((most, ratio) => Math.max(most, ratio), 0);
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
