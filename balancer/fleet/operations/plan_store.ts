/**
 * Stored plans: computed changes that can be applied for a while.
 *
 * @module
 */
import type { ListedMovement } from "../spec/movement.ts";
import { type RingFacts, type RingSpec, sameRingSpec } from "../spec/ring_spec.ts";
import type { Change } from "../spec/change.ts";
import { ChangeError } from "../spec/change_error.ts";

/** The effect of a change that has not been made. */
export interface Plan {
  readonly id: string;
  /** Digest of the ring that the plan was made for. */
  readonly basedOn: string;
  /** When the plan expires, in milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Names of the added replicas. */
  readonly add: readonly string[];
  /** Names of the removed replicas. */
  readonly remove: readonly string[];
  /** The present ring. */
  readonly before: RingFacts;
  /** The ring after the change and after all slow starts. */
  readonly after: RingFacts;
  /** Slots that move. */
  readonly moved: ListedMovement;
  /** Share of the ids 0 to 9999 that move. */
  readonly movedIds: number;
}

/** A plan with everything that applying it needs. */
export interface StoredPlan {
  readonly plan: Plan;
  readonly change: Change;
  /** When the plan expires, an instant of the fleet's clock in milliseconds. */
  readonly until: number;
  /** Weights and shape that the plan was made for. */
  readonly ringSpec: RingSpec;
}

/** Number of plans that are kept, the newest. */
const KEPT = 64;

/** Lifetime of a plan, in milliseconds. */
export const PLAN_MS = 600_000;

/** Stores plans by id. */
export class PlanStore {
  readonly #plans = new Map<string, StoredPlan>();

  /** Stores a plan; drops the oldest one if there are too many. */
  keep(kept: StoredPlan): void {
    this.#plans.set(kept.plan.id, kept);
    const [oldest] = this.#plans.keys();
    if (this.#plans.size > KEPT && oldest !== undefined) this.#plans.delete(oldest);
  }

  /**
   * Returns a plan.
   *
   * @param id id of the plan
   * @param now instant of the fleet's clock, in milliseconds
   * @throws {ChangeError} `unknown-plan`: the plan was applied, expired, or never existed
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

  /** Drops a plan that was applied. */
  delete(id: string): void {
    this.#plans.delete(id);
  }
}

/**
 * Checks that the fleet has not changed since a plan was made.
 *
 * @param kept the plan
 * @param digest digest of the present ring
 * @param now present weights and shape
 * @throws {ChangeError} `stale`: the ring, the weights or the shape changed
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
