/**
 * Requested changes of the fleet: replicas, weights and ring shape. Each change is made completely
 * or not at all, and one at a time.
 *
 * @module
 */
import { compared, type ComparedRing, RingBuilder } from "../spec/ring_builder.ts";
import { factsOf, isRingOf, ringOf, type RingShape } from "../spec/ring_spec.ts";
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
import { check, type FieldNames, REQUEST_FIELDS, resolve } from "../spec/resolve.ts";
import type { ChangeLock } from "./change_lock.ts";
import {
  type ChangeReport,
  type Made,
  type NamesReport,
  type OnMade,
  reportOf,
} from "./change_report.ts";
import { ChangeTransaction, contextOf } from "./change_transaction.ts";

export type { ChangeReport, FleetSummary, NamesReport, OnMade } from "./change_report.ts";
export type { Plan } from "./plan_store.ts";
export { ChangeError } from "../spec/change_error.ts";

/** Dependencies of a {@linkcode Membership}. */
interface MembershipOptions {
  readonly fleet: Fleet;
  /** Lock that every change of the fleet takes. */
  readonly changeLock: ChangeLock;
  /** False if the balancer does not run the instances. */
  readonly changeable: boolean;
  /** Returns the present instant of the fleet's clock, in milliseconds. */
  readonly now: () => number;
}

/** Field names of `POST /add` and `DELETE /rm`. */
const CALL_FIELDS: FieldNames = { add: "n", remove: "hostnames" };

/** Makes changes of the fleet, one at a time. */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #transaction: ChangeTransaction;
  readonly #plans = new PlanStore();
  readonly #rings = new RingBuilder();

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#transaction = new ChangeTransaction(options.fleet);
  }

  /** Makes ready for plans: those of a large fleet have a thread of their own. */
  prepare(): void {
    this.#rings.prepare(this.#options.fleet.ringSpec);
  }

  /** Ends the thread of plans. */
  close(): void {
    this.#rings[Symbol.dispose]();
  }

  /** Returns the names in the ring, in the order in which they joined. */
  names(): string[] {
    return [...this.#options.fleet.ringSpec.weights.keys()];
  }

  /**
   * Adds replicas. Resolves once all of them are ready and in the ring.
   *
   * @param n number of replicas
   * @param hostnames names of the first ones; the rest get the next free `Server<k>`
   * @param weights weights other than 1, by name
   * @param onMade called when the change is made
   * @returns the names in the ring after the change, and the balancers that do not route by it
   * @throws {ChangeError} nothing was added; the message names the field, its bound and the value
   */
  add(
    n: number,
    hostnames: readonly string[],
    weights: Weights = {},
    onMade: OnMade = () => {},
  ): Promise<NamesReport> {
    return this.#inTurn(onMade, () => {
      const change = this.#resolve({ add: n, hostnames, weights }, CALL_FIELDS);
      const other = Object.keys(weights).find((name) => !change.add.includes(name));
      if (other === undefined) return change;
      throw new ChangeError("unknown", `weights.${other}: no new replica is called ${other}`);
    }).then(({ behind }) => ({ names: this.names(), behind }));
  }

  /**
   * Removes replicas. Resolves once they are drained and gone.
   *
   * @param n number of replicas
   * @param hostnames names of some of them; the rest are the newest ones
   * @param onMade called when the change is made
   * @returns the names in the ring after the change, and the balancers that do not route by it
   * @throws {ChangeError} nothing was removed; the message names the field, its bound and the value
   */
  remove(
    n: number,
    hostnames: readonly string[],
    onMade: OnMade = () => {},
  ): Promise<NamesReport> {
    return this.#inTurn(onMade, () => {
      const present = this.names();
      const remove = namesToRemove(n, hostnames, present);
      const change = this.#resolve({ remove }, CALL_FIELDS);
      if (n <= present.length) return change;
      const message = `n: must be at most N, which is ${present.length}; got ${n}`;
      throw new ChangeError("out-of-bounds", message);
    }).then(({ behind }) => ({ names: this.names(), behind }));
  }

  /**
   * Changes weights. A weight of 0 drains the replica.
   *
   * @param weights new weights, by name
   * @param onMade called when the change is made
   * @throws {ChangeError} nothing was changed; the message names the field, its bound and the value
   */
  async weigh(weights: Weights, onMade: OnMade = () => {}): Promise<ChangeReport> {
    return reportOf(await this.#inTurn(onMade, () => this.#resolve({ weights })));
  }

  /**
   * Changes the ring's shape.
   *
   * @param shape the changed fields of the shape
   * @param onMade called when the change is made
   * @throws {ChangeError} nothing was changed; the message names the field, its bound and the value
   */
  async reshape(
    shape: Partial<RingShape>,
    onMade: OnMade = () => {},
  ): Promise<ChangeReport> {
    return reportOf(await this.#inTurn(onMade, () => this.#resolve(shape)));
  }

  /**
   * Computes the effect of a change without making it, and stores the plan for a while.
   *
   * @param request the change
   * @throws {ChangeError} the change is not possible; the message names the field, its bound and
   *   the value
   */
  plan(request: ChangeRequest): Plan {
    const target = applied(this.#options.fleet.ringSpec, this.#resolve(request));
    const { ring } = this.#options.fleet.view;
    return this.#plan(request, compared(ring, ringOf(target, ring)));
  }

  /**
   * The same, without blocking the main thread while a large ring is built.
   *
   * @param request the change
   * @throws {ChangeError} as {@linkcode Membership.plan}
   */
  async planAside(request: ChangeRequest): Promise<Plan> {
    const { ringSpec, view } = this.#options.fleet;
    const target = applied(ringSpec, this.#resolve(request));
    return this.#plan(request, await this.#rings.build(target, view.ring));
  }

  /** @param built the ring after the change, unless the fleet has changed since it was built */
  #plan(request: ChangeRequest, built: ComparedRing): Plan {
    const { fleet, now } = this.#options;
    const { view: { ring }, ringSpec } = fleet;
    const change = this.#resolve(request);
    const target = applied(ringSpec, change);
    const isFresh = built.before === ring && isRingOf(built.ring, target);
    const { ring: after, moved, movedIds } = isFresh ? built : compared(ring, ringOf(target, ring));
    const until = now() + PLAN_MS;
    const plan: Plan = {
      id: crypto.randomUUID(),
      basedOn: ring.digest,
      expiresAt: fleet.clock.wallClock(until),
      add: change.add,
      remove: change.remove,
      before: factsOf(ring, ringSpec),
      after: factsOf(after, target),
      moved,
      movedIds,
    };
    this.#plans.keep({ plan, change, until, ringSpec });
    return plan;
  }

  /**
   * Makes the change of a stored plan.
   *
   * @param id id of the plan
   * @param onMade called when the change is made
   * @throws {ChangeError} nothing was changed: `unknown-plan` or `stale`, or any error of the
   *   change
   */
  async apply(id: string, onMade: OnMade = () => {}): Promise<ChangeReport> {
    return reportOf(
      await this.#options.changeLock.run(async () => {
        const made = await this.#transaction.make(() => this.#freshPlan(id).change, onMade);
        this.#plans.delete(id);
        return made;
      }),
    );
  }

  #freshPlan(id: string): StoredPlan {
    const { fleet, now } = this.#options;
    const kept = this.#plans.find(id, now());
    checkFresh(kept, fleet.view.ring.digest, fleet.ringSpec);
    check(kept.change, contextOf(fleet));
    return kept;
  }

  #resolve(request: ChangeRequest, fields: FieldNames = REQUEST_FIELDS): Change {
    const { add = request.hostnames?.length ?? 0, remove = [] } = request;
    if (add > 0) this.#checkChangeable("added");
    if (remove.length > 0) this.#checkChangeable("removed");
    return resolve(request, contextOf(this.#options.fleet), fields);
  }

  /** Resolves the change inside the lock, against the fleet as it is then. */
  #inTurn(onMade: OnMade, change: () => Change): Promise<Made> {
    const { changeLock, fleet } = this.#options;
    return changeLock.run(async () => {
      await fleet.known();
      return await this.#transaction.make(change, onMade);
    });
  }

  #checkChangeable(verb: string): void {
    if (this.#options.changeable) return;
    throw new ChangeError(
      "unsupported",
      `with LB_ENGINE=static another system runs the replicas, so none can be ${verb}; ` +
        "change the list of upstreams instead (PUT /_lb/upstreams, or LB_UPSTREAMS)",
    );
  }
}
