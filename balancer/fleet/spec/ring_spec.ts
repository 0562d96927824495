/**
 * All that a ring is a function of: who is on it with which weight, and its shape. Pure.
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
} from "../../../ring/mod.ts";
import { completeOptions } from "../../../ring/options.ts";

/** How a ring is laid out, whoever is on it. */
export interface RingShape {
  /** M. */
  readonly slots: number;
  /** K, of a member of weight 1; only layout `ring` uses it. */
  readonly virtualServers: number;
  readonly layout: Layout;
  readonly hashes: HashFamilyName;
}

/** What a ring is built from. */
export interface RingSpec {
  /** The weight of each member, by name. */
  readonly weights: ReadonlyMap<string, number>;
  readonly shape: RingShape;
}

/** What a ring comes to. */
export interface RingFacts extends RingShape {
  /** How many members it has, those of weight 0 among them. */
  readonly members: number;
  readonly digest: string;
  /**
   * Share of the slots over share of the weights, of the member for which that is the most; 1 is
   * perfect, 0 a ring without members.
   */
  readonly maxOverMean: number;
  /** How many members of weight 1 it has room for. */
  readonly capacity: number;
}

/**
 * Builds the ring.
 *
 * @param ringSpec what of
 * @param kin a ring of mostly the same members, which makes it faster
 * @throws {RangeError} the shape is out of bounds, or all weights are 0
 * @throws {RingFullError} the members need more slots than there are
 */
export function ringOf(ringSpec: RingSpec, kin?: Ring): Ring {
  return Ring.build({ ...ringSpec.shape, members: membersOf(ringSpec) }, kin);
}

function membersOf({ weights }: RingSpec): Member[] {
  return [...weights].map(([name, weight]) => ({ name, weight }));
}

/**
 * Whether the ring is the one that {@linkcode ringOf} would build.
 *
 * @param ring a ring
 * @param ringSpec what it may have been built from
 */
export function isRingOf({ options }: Ring, { weights, shape }: RingSpec): boolean {
  const { members, slots, virtualServers, layout, hashes } = options;
  return members.length === weights.size &&
    sameShape({ slots, virtualServers, layout, hashes }, shape) &&
    members.every(({ name, weight }) => weights.get(name) === weight);
}

/** Whether two shapes are the same. */
export function sameShape(
  a: { readonly [Field in keyof RingShape]: unknown },
  b: RingShape,
): boolean {
  return a.slots === b.slots && a.virtualServers === b.virtualServers &&
    a.layout === b.layout && a.hashes === b.hashes;
}

/** Whether two ring specs are the same. */
export function sameRingSpec(a: RingSpec, b: RingSpec): boolean {
  return sameShape(a.shape, b.shape) && a.weights.size === b.weights.size &&
    [...a.weights].every(([name, weight]) => b.weights.get(name) === weight);
}

/**
 * Whether there is such a ring: a member has a weight, and there is room for all. The ring is not
 * built for that, which takes 0.3 s for a thousand members on 65,536 slots.
 *
 * @throws {RangeError} the shape is out of bounds
 */
export function isPossible(ringSpec: RingSpec): boolean {
  if (ringSpec.weights.size === 0) return true;
  if (!serves(ringSpec)) return false;
  try {
    refuseOverflow(completeOptions({ ...ringSpec.shape, members: membersOf(ringSpec) }));
    return true;
  } catch (error) {
    if (error instanceof RingFullError) return false;
    throw error;
  }
}

/** Whether anybody on the ring owns slots. */
export function serves({ weights }: RingSpec): boolean {
  return [...weights.values()].some((weight) => weight > 0);
}

/**
 * What a ring comes to.
 *
 * @param ring the ring
 * @param ringSpec the weights that are asked for, which the ring's may fall short of for a while
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

/** How many slots each member of a ring owns, by name. */
export function slotsOf(ring: Ring): Map<string, number> {
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
