/**
 * A change of the fleet: a request, and what is to be done for it name by name. Pure.
 *
 * @module
 */
import type { RingShape, RingSpec } from "./ring_spec.ts";

export { MAX_WEIGHT } from "../../upstream_list.ts";

/** Weights of replicas, by name. 0 drains: the replica stays and owns no slots. */
export type Weights = Readonly<Record<string, number>>;

/** What somebody wants of the fleet. What is not given stays as it is. */
export interface ChangeRequest extends Partial<RingShape> {
  /** How many replicas to add; as many as there are hostnames, if not given. */
  readonly add?: number;
  /** Names for the first of them; the rest get the next free `Server<k>`. */
  readonly hostnames?: readonly string[];
  /** Names of replicas to remove. */
  readonly remove?: readonly string[];
  /** Weights of replicas that are added or stay. */
  readonly weights?: Weights;
}

/** What is to be done, name by name. */
export interface Change {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly weights: ReadonlyMap<string, number>;
  readonly shape: RingShape;
}

/** The ring spec after a change. */
export function applied({ weights }: RingSpec, change: Change): RingSpec {
  const after = new Map(weights);
  for (const name of change.add) after.set(name, 1);
  for (const name of change.remove) after.delete(name);
  for (const [name, weight] of change.weights) after.set(name, weight);
  return { weights: after, shape: change.shape };
}

/**
 * The names of new replicas.
 *
 * @param n how many
 * @param hostnames names that were asked for, `n` at the most
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
 * The names of the replicas to remove.
 *
 * @param n how many
 * @param hostnames names that were asked for, `n` at the most
 * @param present names in the ring, oldest first; the newest make up the rest
 */
export function namesToRemove(
  n: number,
  hostnames: readonly string[],
  present: readonly string[],
): string[] {
  const others = present.filter((name) => !hostnames.includes(name)).reverse();
  return [...hostnames, ...others].slice(0, n);
}
