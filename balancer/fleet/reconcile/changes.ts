/**
 * Changes of the desired state: members, weights, shape, upstreams and templates. Each one is saved
 * before it is applied, and applied in one step of the writer, so that one view carries all of it.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { Template } from "../../engine/engine.ts";
import type { FailureLog } from "../../failures.ts";
import type { GivenUpstream } from "../../upstream_list.ts";
import type { MaintenanceState } from "../../view.ts";
import { applied, type Change } from "../spec/change.ts";
import type { RingSpec } from "../spec/ring_spec.ts";
import { sameTemplate } from "../spec/template.ts";
import type { DesiredState } from "../store/desired_state.ts";
import type { MachineDrain } from "../store/store.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { EventQueue } from "./event_queue.ts";
import type { Roster } from "./roster.ts";
import type { UpstreamList } from "./upstream_list.ts";

/** Saves and applies changes of the desired state. */
export interface Changes {
  /**
   * Admits replicas and starts them. They join the ring with {@linkcode Changes.make}.
   *
   * @throws {StoreError} several balancers share the state, and it could not be saved
   */
  add(names: readonly string[]): Promise<void>;
  /** Removes replicas that did not join the ring. */
  withdraw(names: readonly string[]): Promise<void>;
  /**
   * Saves a change and applies it in one view: admitted replicas join the ring, removed ones leave
   * it, drain and stop.
   *
   * @param change the change
   * @param onBase called with the fleet as it is before the change; again for each attempt
   * @throws {ConflictError} another balancer changed the state first; check the change again
   * @throws {StoreError} the state could not be saved; nothing was changed
   */
  make(change: Change, onBase: () => void): Promise<void>;
  /**
   * Saves a list of upstreams and applies it in one view.
   *
   * @param upstreams names, addresses and weights, each name once
   * @param answering names of the new and moved upstreams that have passed their heartbeats
   * @param onBase called with the fleet as it is before the change; again for each attempt
   * @throws {ConflictError} another balancer changed the state first; check the list again
   * @throws {StoreError} the state could not be saved; nothing was changed
   */
  setUpstreams(
    upstreams: readonly GivenUpstream[],
    answering: ReadonlySet<string>,
    onBase: () => void,
  ): Promise<void>;
  /**
   * Saves the maintenance, which then counts as under way.
   *
   * @param maintenance the maintenance; undefined for none
   * @throws {StoreError} the state could not be saved; nothing was changed
   */
  setMaintenance(maintenance: MaintenanceState | undefined): Promise<void>;
  /** The machine that is being drained. */
  readonly drain: MachineDrain | undefined;
  /**
   * Saves which machine is being drained: of several balancers the one that heals drains it.
   *
   * @param drain the machine; undefined when that is over
   * @throws {StoreError} another machine is being drained, or the state could not be saved
   */
  setDrain(drain: MachineDrain | undefined): Promise<void>;
  /**
   * Saves the template of a deploy before the deploy begins.
   *
   * @throws {StoreError} the state could not be saved
   */
  saveDeploy(deploy: Template): Promise<void>;
  /** Forgets the deploy. If that cannot be saved, the balancer retries the deploy after a restart. */
  forgetDeploy(): Promise<void>;
  /**
   * Saves the template of new replicas and spares, ends the deploy that brought it, and replaces
   * the spares of other templates.
   *
   * @throws {StoreError} the state could not be saved; the template is not adopted
   */
  adoptTemplate(template: Template): Promise<void>;
  /**
   * Saves the state that the fleet starts with, and again once its images are known. No caller
   * waits for this, so a failed save is retried.
   */
  saveInitial(): Promise<void>;
  /** Ends retries and waits for the save in progress. */
  close(): Promise<void>;
}

/** Dependencies of changes. */
export interface ChangesOptions {
  readonly queue: EventQueue;
  readonly roster: Roster;
  readonly dispatcher: Dispatcher;
  readonly desiredState: DesiredState;
  readonly upstreamList: UpstreamList;
  readonly clock: Clock;
  readonly failures: FailureLog;
  /** Returns the weights of the replicas in the ring, and its shape. */
  readonly ringSpec: () => RingSpec;
}

/** Delay before a failed save that no caller waits for is retried, in milliseconds. */
export const SAVE_RETRY_MS = 10_000;

/** Changes of a fleet with one balancer. */
export class OwnChanges implements Changes {
  readonly #options: ChangesOptions;
  #cancelRetry: (() => void) | undefined;
  #closed = false;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  add(names: readonly string[]): Promise<void> {
    const { queue, roster, desiredState } = this.#options;
    queue.run(() =>
      names.forEach((name) => roster.admit({ name, template: desiredState.template }))
    );
    return Promise.resolve();
  }

  withdraw(names: readonly string[]): Promise<void> {
    const { queue, dispatcher } = this.#options;
    queue.run(() => names.forEach((name) => dispatcher.apply(name, { type: "leave" })));
    return Promise.resolve();
  }

  async make(change: Change, onBase: () => void): Promise<void> {
    const { queue, dispatcher, desiredState, ringSpec } = this.#options;
    const { add, remove, weights, shape } = change;
    await desiredState.save(applied(ringSpec(), change).weights, { shape });
    onBase();
    queue.run(() => {
      desiredState.adopt({ shape });
      desiredState.adoptEpoch();
      for (const [name, weight] of weights) dispatcher.apply(name, { type: "weigh", weight });
      for (const name of add) dispatcher.apply(name, { type: "join" });
      for (const name of remove) dispatcher.apply(name, { type: "leave" });
    });
  }

  async setUpstreams(
    upstreams: readonly GivenUpstream[],
    answering: ReadonlySet<string>,
    onBase: () => void,
  ): Promise<void> {
    const { queue, desiredState, upstreamList } = this.#options;
    const weights = new Map(upstreams.map(({ name, weight }) => [name, weight]));
    await desiredState.save(weights, { upstreams });
    onBase();
    queue.run(() => {
      desiredState.adopt({ upstreams });
      desiredState.adoptEpoch();
      upstreamList.apply(upstreams, answering);
    });
  }

  async setMaintenance(maintenance: MaintenanceState | undefined): Promise<void> {
    const { desiredState, ringSpec } = this.#options;
    await desiredState.setMaintenance(maintenance, ringSpec().weights);
    desiredState.adoptEpoch();
  }

  get drain(): MachineDrain | undefined {
    return this.#options.desiredState.drain;
  }

  /** The call itself drains the machine, and is asked again after a restart. */
  setDrain(drain: MachineDrain | undefined): Promise<void> {
    this.#options.desiredState.adopt({ drain });
    return Promise.resolve();
  }

  async saveDeploy(deploy: Template): Promise<void> {
    const { desiredState, ringSpec } = this.#options;
    await desiredState.save(ringSpec().weights, { deploy });
    desiredState.adopt({ deploy });
  }

  async forgetDeploy(): Promise<void> {
    this.#options.desiredState.adopt({ deploy: undefined });
    await this.#trySave();
  }

  async adoptTemplate(template: Template): Promise<void> {
    const { queue, desiredState, ringSpec } = this.#options;
    const adopted = { template, deploy: undefined };
    await desiredState.save(ringSpec().weights, adopted);
    queue.run(() => {
      desiredState.adopt(adopted);
      dismissSpares(this.#options);
    });
  }

  async saveInitial(): Promise<void> {
    if (await this.#trySave() || this.#closed) return;
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(SAVE_RETRY_MS, () => this.saveInitial());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetry?.();
    await this.#options.desiredState.saved();
  }

  async #trySave(): Promise<boolean> {
    const { desiredState, failures, ringSpec } = this.#options;
    try {
      await desiredState.save(ringSpec().weights);
      return true;
    } catch (error) {
      failures.record("fleet.save", error);
      return false;
    }
  }
}

/** Removes the spares of other templates than the fleet's. */
export function dismissSpares(
  { roster, dispatcher, desiredState }: Pick<
    ChangesOptions,
    "roster" | "dispatcher" | "desiredState"
  >,
): void {
  for (const { name, spare, template } of roster.all) {
    if (!spare || sameTemplate(template, desiredState.template)) continue;
    dispatcher.apply(name, { type: "leave" });
  }
}
