/**
 * Plans that were made and may be applied: what a change would come to, kept for a while.
 *
 * @module
 */
import type { Movement } from "../../../ring/mod.ts";
import { type RingFacts, type RingSpec, sameRingSpec } from "../spec/ring_spec.ts";
import type { Change } from "../spec/change.ts";
import { ChangeError } from "../spec/change_error.ts";

/** What a change would come to. */
export interface Plan {
  readonly id: string;
  /** Digest of the ring that it was made for. */
  readonly basedOn: string;
  /** Until when it is kept, milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Names of the replicas that it adds. */
  readonly add: readonly string[];
  /** Names of the replicas that it removes. */
  readonly remove: readonly string[];
  /** The ring as it is. */
  readonly before: RingFacts;
  /** The ring as it is to be, once nobody starts slowly. */
  readonly after: RingFacts;
  /** What moves from the one to the other. */
  readonly moved: Movement;
  /** The part of the ids 0 to 9999 that moves. */
  readonly movedIds: number;
}

/** A plan with what has to be known to apply it. */
export interface StoredPlan {
  readonly plan: Plan;
  readonly change: Change;
  /** Until which instant of the fleet's clock it is kept. */
  readonly until: number;
  /** What the plan was made for. */
  readonly ringSpec: RingSpec;
}

/** So many of the last plans are kept. */
const KEPT = 64;

/** A plan is kept for so long, in milliseconds. */
export const PLAN_MS = 600_000;

/** Keeps plans by their ids. */
export class PlanStore {
  readonly #plans = new Map<string, StoredPlan>();

  /** Keeps a plan, and one less of the older ones where there are too many. */
  keep(kept: StoredPlan): void {
    this.#plans.set(kept.plan.id, kept);
    const [oldest] = this.#plans.keys();
    if (this.#plans.size > KEPT && oldest !== undefined) this.#plans.delete(oldest);
  }

  /**
   * Finds a plan.
   *
   * @param id its id
   * @param now the present instant
   * @throws {ChangeError} `unknown-plan`
   */
  find(id: string, now: number): StoredPlan {
    const kept = this.#plans.get(id);
    if (kept && now < kept.until) return kept;
    throw new ChangeError(
      "unknown-plan",
      `plan: none of that id is kept: it was applied, is older than ${PLAN_MS / 60_000} minutes, ` +
        `or never was; got ${id}`,
    );
  }

  /** Keeps it no more: it was applied. */
  delete(id: string): void {
    this.#plans.delete(id);
  }
}

/**
 * Looks whether the fleet is still what a plan was made for.
 *
 * @param kept the plan
 * @param digest the ring's digest now
 * @param ringSpec members, weights and shape now
 * @throws {ChangeError} `stale`
 */
export function checkFresh({ plan, ringSpec }: StoredPlan, digest: string, now: RingSpec): void {
  if (digest === plan.basedOn && sameRingSpec(ringSpec, now)) return;
  const what = digest === plan.basedOn
    ? "replicas, weights or shape are others now"
    : `the ring's digest is ${digest} now`;
  throw new ChangeError(
    "stale",
    `plan: must be made for the ring as it is; ${what}, and ${plan.id} was made for ${plan.basedOn}`,
  );
}
