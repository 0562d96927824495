/**
 * Changes of the fleet that somebody asks for: who belongs to it, with which weights, on a ring of
 * which shape. Each is all or nothing, and they happen one at a time.
 *
 * @module
 */
import { compareRings, movedIds, type Movement } from "../../../ring/mod.ts";
import { errorMessage } from "../../failures.ts";
import type { View } from "../../view.ts";
import { factsOf, ringOf, type RingShape } from "../spec/ring_spec.ts";
import {
  applied,
  type Change,
  type ChangeRequest,
  namesToRemove,
  type Weights,
} from "../spec/change.ts";
import type { Fleet } from "../fleet.ts";
import { checkFresh, type Plan, PLAN_MS, PlanStore, type StoredPlan } from "./plan_store.ts";
import { ChangeError } from "../spec/change_error.ts";
import { allReady } from "./readiness.ts";
import {
  type ChangeContext,
  check,
  type FieldNames,
  REQUEST_FIELDS,
  resolve,
} from "../spec/resolve.ts";
import type { ChangeLock } from "./change_lock.ts";

export type { RingFacts, RingShape } from "../spec/ring_spec.ts";
export type { ChangeRequest, Weights } from "../spec/change.ts";
export type { Plan } from "./plan_store.ts";
export { ChangeError, type ChangeErrorKind } from "../spec/change_error.ts";

/** What a change did. */
export interface ChangeReport {
  /** Version of the view that brought it. */
  readonly version: number;
  /** Digest of that view's ring. */
  readonly digest: string;
  /** What that view moved. Where somebody starts slowly, more follows in steps. */
  readonly moved: Movement;
  /** The part of the ids 0 to 9999 that it moved: another hash family moves them alone. */
  readonly movedIds: number;
}

/** Who belongs to the fleet, and on which ring. */
export interface FleetSummary {
  /** Version of the view. */
  readonly version: number;
  readonly digest: string;
  /** The weight of each replica, by name. */
  readonly weights: Readonly<Record<string, number>>;
  readonly shape: RingShape;
}

/** Told of a change as soon as it is made: how the fleet stood just before it, and after. */
export type OnMade = (before: FleetSummary, after: FleetSummary) => void;

/** What a {@linkcode Membership} is made of. */
export interface MembershipOptions {
  readonly fleet: Fleet;
  /** Shared with whatever else changes the fleet. */
  readonly changeLock: ChangeLock;
  /** False where somebody else runs the instances. */
  readonly changeable: boolean;
  /** The present instant of the fleet's clock. */
  readonly now: () => number;
}

/** The fields of `POST /add` and `DELETE /rm`. */
const CALL_FIELDS: FieldNames = { add: "n", remove: "hostnames" };

/** A change that was made: the view before it and the one that brought it. */
interface Made {
  readonly before: View;
  readonly after: View;
}

/** Makes changes of the fleet. They wait for each other. */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #plans = new PlanStore();

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** The names in the ring, in the order in which they joined. */
  names(): string[] {
    return [...this.#options.fleet.ringSpec.weights.keys()];
  }

  /**
   * Adds replicas; resolves when all of them are ready and in the ring.
   *
   * @param n how many
   * @param hostnames names for the first of them; the rest get the next free `Server<k>`
   * @param weights weights of those whose weight is not to be 1, by name
   * @param onMade told when it is made
   * @returns the names in the ring after it
   * @throws {ChangeError} nothing was added
   */
  add(
    n: number,
    hostnames: readonly string[],
    weights: Weights = {},
    onMade: OnMade = () => {},
  ): Promise<string[]> {
    return this.#inTurn(onMade, () => {
      const change = this.#resolve({ add: n, hostnames, weights }, CALL_FIELDS);
      const other = Object.keys(weights).find((name) => !change.add.includes(name));
      if (other === undefined) return change;
      throw new ChangeError("unknown", `weights.${other}: no new replica is called ${other}`);
    }).then(() => this.names());
  }

  /**
   * Removes replicas; resolves when they are drained and gone.
   *
   * @param n how many
   * @param hostnames names of some of them; the rest are the newest
   * @param onMade told when it is made
   * @returns the names in the ring after it
   * @throws {ChangeError} nothing was removed
   */
  remove(
    n: number,
    hostnames: readonly string[],
    onMade: OnMade = () => {},
  ): Promise<string[]> {
    return this.#inTurn(onMade, () => {
      const present = this.names();
      const remove = namesToRemove(n, hostnames, present);
      const change = this.#resolve({ remove }, CALL_FIELDS);
      if (n <= present.length) return change;
      const message = `n: must be at most N, which is ${present.length}; got ${n}`;
      throw new ChangeError("out-of-bounds", message);
    }).then(() => this.names());
  }

  /**
   * Changes weights; 0 drains.
   *
   * @param weights weights by name
   * @param onMade told when it is made
   * @throws {ChangeError} nothing was changed
   */
  async weigh(weights: Weights, onMade: OnMade = () => {}): Promise<ChangeReport> {
    return reportOf(await this.#inTurn(onMade, () => this.#resolve({ weights })));
  }

  /**
   * Changes the ring's shape.
   *
   * @param shape what of it
   * @param onMade told when it is made
   * @throws {ChangeError} nothing was changed
   */
  async reshape(
    shape: Partial<RingShape>,
    onMade: OnMade = () => {},
  ): Promise<ChangeReport> {
    return reportOf(await this.#inTurn(onMade, () => this.#resolve(shape)));
  }

  /**
   * Works out what a change would come to, and keeps that for a while. Changes nothing.
   *
   * @param request the change
   * @throws {ChangeError} the change could not be made
   */
  plan(request: ChangeRequest): Plan {
    const { fleet, now } = this.#options;
    const { view: { ring }, ringSpec } = fleet;
    const change = this.#resolve(request);
    const target = applied(ringSpec, change);
    const after = ringOf(target, ring);
    const until = now() + PLAN_MS;
    const plan: Plan = {
      id: crypto.randomUUID(),
      basedOn: ring.digest,
      expiresAt: fleet.clock.wallClock(until),
      add: change.add,
      remove: change.remove,
      before: factsOf(ring, ringSpec),
      after: factsOf(after, target),
      moved: compareRings(ring, after),
      movedIds: movedIds(ring, after),
    };
    this.#plans.keep({ plan, change, until, ringSpec });
    return plan;
  }

  /**
   * Makes the change of a plan.
   *
   * @param id the plan's
   * @param onMade told when it is made
   * @throws {ChangeError} nothing was changed
   */
  async apply(id: string, onMade: OnMade = () => {}): Promise<ChangeReport> {
    return reportOf(
      await this.#options.changeLock.run(async () => {
        const made = await this.#make(this.#freshPlan(id).change, onMade);
        this.#plans.delete(id);
        return made;
      }),
    );
  }

  #freshPlan(id: string): StoredPlan {
    const { fleet, now } = this.#options;
    const kept = this.#plans.find(id, now());
    checkFresh(kept, fleet.view.ring.digest, fleet.ringSpec);
    check(kept.change, this.#context());
    return kept;
  }

  #resolve(request: ChangeRequest, fields: FieldNames = REQUEST_FIELDS): Change {
    const { add = request.hostnames?.length ?? 0, remove = [] } = request;
    if (add > 0) this.#checkChangeable("added");
    if (remove.length > 0) this.#checkChangeable("removed");
    return resolve(request, this.#context(), fields);
  }

  #context(): ChangeContext {
    const { ringSpec, members, limit } = this.#options.fleet;
    return { ringSpec, taken: new Set(members.map(({ name }) => name)), limit };
  }

  /** The change is worked out when its turn has come, from what the fleet is then. */
  #inTurn(onMade: OnMade, change: () => Change): Promise<Made> {
    const { changeLock, fleet } = this.#options;
    return changeLock.run(async () => {
      await fleet.known();
      return await this.#make(change(), onMade);
    });
  }

  /**
   * New replicas first, then the change is saved, then all of it comes in one view; then those that
   * leave drain and end.
   */
  async #make(change: Change, onMade: OnMade): Promise<Made> {
    const { fleet } = this.#options;
    await this.#prepare(change);
    const before = fleet.view;
    const stood = summaryOf(fleet);
    fleet.changes.apply(change);
    const after = fleet.view;
    onMade(stood, summaryOf(fleet));
    await fleet.until((members) => change.remove.every((name) => !members.has(name)));
    return { before, after };
  }

  /** Starts new replicas and saves the change; where either fails, nothing of it remains. */
  async #prepare(change: Change): Promise<void> {
    const { fleet } = this.#options;
    const { add } = change;
    fleet.changes.add(add);
    try {
      await fleet.until((members) => allReady(add, members));
      await this.#save(change);
    } catch (error) {
      fleet.changes.remove(add);
      await fleet.until((members) => add.every((name) => !members.has(name)));
      throw error;
    }
  }

  async #save(change: Change): Promise<void> {
    try {
      await this.#options.fleet.changes.save(change);
    } catch (error) {
      throw notSaved(error);
    }
  }

  #checkChangeable(verb: string): void {
    if (this.#options.changeable) return;
    throw new ChangeError(
      "unsupported",
      `with LB_ENGINE=static somebody else runs the replicas, so none can be ${verb}; ` +
        "change the list of upstreams instead (PUT /_lb/upstreams, or LB_UPSTREAMS)",
    );
  }
}

/** A change that was not made, because it could not be saved. */
export function notSaved(error: unknown): ChangeError {
  return new ChangeError(
    "not-saved",
    `nothing was changed, because the change could not be saved: ${errorMessage(error)}`,
  );
}

/** How a fleet stands. */
export function summaryOf({ view: { version, ring }, ringSpec }: Fleet): FleetSummary {
  const { weights, shape } = ringSpec;
  return { version, digest: ring.digest, weights: Object.fromEntries(weights), shape };
}

/** What a change did, from the views before and after it. */
export function reportOf({ before, after }: Made): ChangeReport {
  const { version, ring } = after;
  return {
    version,
    digest: ring.digest,
    moved: compareRings(before.ring, ring),
    movedIds: movedIds(before.ring, ring),
  };
}
