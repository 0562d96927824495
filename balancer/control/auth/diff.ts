/**
 * What a change of the fleet made another. Pure.
 *
 * @module
 */
import type { FleetSummary } from "../../fleet/operations/membership.ts";

/** One side of a change: version and digest, and beside them only what the other side has not. */
interface Side {
  readonly version: number;
  readonly digest: string;
  /** Weights by name, of replicas that came, left or weigh something else. */
  readonly weights?: Readonly<Record<string, number>>;
  /** The parts of the ring's shape that changed. */
  readonly shape?: Readonly<Record<string, unknown>>;
}

/**
 * Both sides of a change.
 *
 * @param before how the fleet stood
 * @param after how it stands
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
