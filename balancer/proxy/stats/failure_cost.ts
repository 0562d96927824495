/**
 * What the failures of replicas cost the requests for them, counted by replica.
 *
 * @module
 */
import type { FailureCost } from "../../view.ts";

/** What is counted, one a request. */
export type CostKind = "held" | "retried" | "spilled" | "lost" | "broken";

type Counts = { -readonly [K in CostKind | "longestHoldMs"]: number };

/** Counts until it is asked. */
export class FailureCosts {
  #byName = new Map<string, Counts>();

  /**
   * Counts one request.
   *
   * @param name the replica that owns its slot; undefined while no view says who
   * @param kind what became of it
   */
  add(name: string | undefined, kind: CostKind): void {
    if (name !== undefined) this.#of(name)[kind]++;
  }

  /**
   * Takes note of how long a request waited.
   *
   * @param name the replica that owns its slot
   * @param ms the wait in milliseconds
   */
  waited(name: string | undefined, ms: number): void {
    if (name === undefined) return;
    const counts = this.#of(name);
    counts.longestHoldMs = Math.max(counts.longestHoldMs, Math.round(ms));
  }

  /** What was counted since the last time; empty when nothing was. */
  take(): readonly FailureCost[] {
    if (this.#byName.size === 0) return [];
    const tolls = [...this.#byName].map(([name, counts]) => ({ name, ...counts }));
    this.#byName = new Map();
    return tolls;
  }

  #of(name: string): Counts {
    const counts = this.#byName.get(name) ??
      { held: 0, retried: 0, spilled: 0, lost: 0, broken: 0, longestHoldMs: 0 };
    this.#byName.set(name, counts);
    return counts;
  }
}
