/**
 * A change of the fleet: as requested, and resolved to names. Pure.
 *
 * @module
 */
import type { RingShape, RingSpec } from "./ring_spec.ts";

export { MAX_WEIGHT } from "../../upstream_list.ts";

/** Weights of replicas, by name. 0 drains: the replica stays and owns no slots. */
export type Weights = Readonly<Record<string, number>>;

/** A requested change. A missing field keeps its value. */
export interface ChangeRequest extends Partial<RingShape> {
  /** Number of replicas to add; by default the number of `hostnames`. */
  readonly add?: number;
  /** Names of the first added replicas; the rest get the next free `Server<k>`. */
  readonly hostnames?: readonly string[];
  /** Names of the removed replicas. */
  readonly remove?: readonly string[];
  /** Weights of replicas that are added or stay. */
  readonly weights?: Weights;
}

/** A change, resolved to names. */
export interface Change {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly weights: ReadonlyMap<string, number>;
  readonly shape: RingShape;
}

/** Returns weights and shape of the ring after a change. */
export function applied({ weights }: RingSpec, change: Change): RingSpec {
  const after = new Map(weights);
  for (const name of change.add) after.set(name, 1);
  for (const name of change.remove) after.delete(name);
  for (const [name, weight] of change.weights) after.set(name, weight);
  return { weights: after, shape: change.shape };
}

/**
 * Returns the names of new replicas.
 *
 * @param n number of replicas
 * @param hostnames requested names, at most `n`
 * @param taken names in use
 */
export function namesToAdd(
  n: number,
  hostnames: readonly string[],
  taken: ReadonlySet<string>,
): string[] {
  const names = [...hostnames];
  for (let k = 1; names.length < n; k++) {
    const free = `Server${k}`;
    if (!taken.has(free) && !hostnames.includes(free)) names.push(free);
  }
  return names;
}

/**
 * Returns the names of the replicas to remove.
 *
 * @param n number of replicas
 * @param hostnames requested names, at most `n`
 * @param present names in the ring, oldest first; the newest ones make up the rest
 */
export function namesToRemove(
  n: number,
  hostnames: readonly string[],
  present: readonly string[],
): string[] {
  const others = present.filter((name) => !hostnames.includes(name)).reverse();
  return [...hostnames, ...others].slice(0, n);
}
