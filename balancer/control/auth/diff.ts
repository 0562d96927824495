/**
 * The difference between two states of the fleet. Pure.
 *
 * @module
 */
import type { FleetSummary } from "../../fleet/operations/membership.ts";

/** One side of a change: version, digest and the values that differ from the other side. */
interface Side {
  readonly version: number;
  readonly digest: string;
  /** Weights by name, of replicas that were added, removed or reweighted. */
  readonly weights?: Readonly<Record<string, number>>;
  /** The parts of the ring's shape that changed. */
  readonly shape?: Readonly<Record<string, unknown>>;
}

/**
 * Returns both sides of a change.
 *
 * @param before the fleet before the change
 * @param after the fleet after the change
 */
export function difference(before: FleetSummary, after: FleetSummary): [before: Side, after: Side] {
  return [sideOf(before, after), sideOf(after, before)];
}

function sideOf(one: FleetSummary, other: FleetSummary): Side {
  const weights = differing(one.weights, other.weights);
  const shape = differing({ ...one.shape }, { ...other.shape });
  const { version, digest } = one;
  const isOther = (part: object, counterpart: object) =>
    Object.keys(part).length + Object.keys(counterpart).length > 0;
  return {
    version,
    digest,
    ...(isOther(weights, differing(other.weights, one.weights)) ? { weights } : {}),
    ...(isOther(shape, {}) ? { shape } : {}),
  };
}

function differing<T>(one: Readonly<Record<string, T>>, other: Readonly<Record<string, T>>) {
  const entries = Object.entries(one).filter(([name, value]) => other[name] !== value);
  return Object.fromEntries(entries);
}
