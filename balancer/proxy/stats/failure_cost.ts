/**
 * The costs of replicas' failures to their requests, counted by replica.
 *
 * @module
 */
import type { FailureCost } from "../../view.ts";

/** Kinds of cost, each counted at most once for a request. */
export type CostKind = "held" | "retried" | "spilled" | "lost" | "broken";

type Counts = { -readonly [K in CostKind | "longestHoldMs"]: number };

/** Counts costs until they are taken. */
export class FailureCosts {
  #byName = new Map<string, Counts>();

  /**
   * Counts one request.
   *
   * @param name the replica that owns its slot; undefined before the first view
   * @param kind the kind of cost
   */
  add(name: string | undefined, kind: CostKind): void {
    if (name !== undefined) this.#of(name)[kind]++;
  }

  /**
   * Adds the time that a request waited.
   *
   * @param name the replica that owns its slot
   * @param ms the wait in milliseconds
   */
  waited(name: string | undefined, ms: number): void {
    if (name === undefined) return;
    const counts = this.#of(name);
    counts.longestHoldMs = Math.max(counts.longestHoldMs, Math.round(ms));
  }

  /** The costs since the previous call; empty if there are none. */
  take(): readonly FailureCost[] {
    if (this.#byName.size === 0) return [];
    const costs = [...this.#byName].map(([name, counts]) => ({ name, ...counts }));
    this.#byName = new Map();
    return costs;
  }

  #of(name: string): Counts {
    const counts = this.#byName.get(name) ??
      { held: 0, retried: 0, spilled: 0, lost: 0, broken: 0, longestHoldMs: 0 };
    this.#byName.set(name, counts);
    return counts;
  }
}
