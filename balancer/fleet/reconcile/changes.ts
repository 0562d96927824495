/**
 * Changes of the desired state: members, weights, shape, upstreams and templates. Each one is saved
 * before it is applied, and applied in one step of the writer, so that one view carries all of it.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { Engine, Instance, Template } from "../../engine/engine.ts";
import type { FailureLog } from "../../failures.ts";
import type { GivenUpstream } from "../../upstream_list.ts";
import type { MaintenanceState } from "../../view.ts";
import { isReplica } from "../member/member.ts";
import { applied, type Change } from "../spec/change.ts";
import type { RingSpec } from "../spec/ring_spec.ts";
import { sameTemplate } from "../spec/template.ts";
import type { DesiredState } from "../store/desired_state.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { EventQueue } from "./event_queue.ts";
import type { Roster } from "./roster.ts";

/** Dependencies of {@linkcode Changes}. */
export interface ChangesOptions {
  readonly queue: EventQueue;
  readonly roster: Roster;
  readonly dispatcher: Dispatcher;
  readonly desiredState: DesiredState;
  readonly engine: Pick<Engine, "setUpstreams">;
  readonly clock: Clock;
  readonly failures: FailureLog;
  /** Returns the weights of the replicas in the ring, and its shape. */
  readonly ringSpec: () => RingSpec;
}

/** Delay before a failed first save is retried, in milliseconds. */
const SAVE_RETRY_MS = 10_000;

/** Saves and applies changes of the desired state. */
export class Changes {
  readonly #options: ChangesOptions;
  #cancelRetry: (() => void) | undefined;
  #closed = false;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /** Admits replicas and starts them. They join the ring with {@linkcode Changes.apply}. */
  add(names: readonly string[]): void {
    this.#options.queue.run(() => names.forEach((name) => this.#admit(name)));
  }

  /** Removes members in one view; they drain and stop. */
  remove(names: readonly string[]): void {
    const { queue, dispatcher } = this.#options;
    queue.run(() => names.forEach((name) => dispatcher.apply(name, { type: "leave" })));
  }

  /**
   * Applies a change in one view: admitted replicas join the ring, removed ones leave it, drain and
   * stop.
   */
  apply({ add, remove, weights, shape }: Change): void {
    const { queue, dispatcher, desiredState } = this.#options;
    queue.run(() => {
      desiredState.adopt({ shape });
      for (const [name, weight] of weights) dispatcher.apply(name, { type: "weigh", weight });
      for (const name of add) dispatcher.apply(name, { type: "join" });
      for (const name of remove) dispatcher.apply(name, { type: "leave" });
    });
  }

  /**
   * Replaces the list of upstreams in one view. New upstreams join, moved ones are reached at their
   * new address, missing ones drain and leave.
   *
   * @param upstreams names, addresses and weights, each name once
   * @param answering names of the new and moved upstreams that have passed their heartbeats
   */
  setUpstreams(upstreams: readonly GivenUpstream[], answering: ReadonlySet<string>): void {
    const { queue, roster, dispatcher, desiredState, engine } = this.#options;
    queue.run(() => {
      const names = new Set(upstreams.map(({ name }) => name));
      const instances = engine.setUpstreams?.(upstreams) ?? [];
      desiredState.adopt({ upstreams });
      for (const { name } of roster.all.filter(isReplica)) {
        if (!names.has(name)) dispatcher.apply(name, { type: "leave" });
      }
      for (const [at, { name, weight }] of upstreams.entries()) {
        this.#setUpstream(instances[at]!, weight, answering.has(name));
      }
    });
  }

  /**
   * Saves a change, so that the balancer knows it after a restart.
   *
   * @param change the change that {@linkcode Changes.apply} gets next
   * @throws {StoreError} the state could not be saved
   */
  save(change: Change): Promise<void> {
    const { weights, shape } = applied(this.#options.ringSpec(), change);
    return this.#options.desiredState.save(weights, { shape });
  }

  /**
   * Saves the maintenance, which then counts as under way.
   *
   * @param maintenance the maintenance; undefined for none
   * @throws {StoreError} the state could not be saved; nothing was changed
   */
  setMaintenance(maintenance: MaintenanceState | undefined): Promise<void> {
    const { desiredState, ringSpec } = this.#options;
    return desiredState.setMaintenance(maintenance, ringSpec().weights);
  }

  /**
   * Saves a list of upstreams before {@linkcode Changes.setUpstreams} applies it.
   *
   * @throws {StoreError} the state could not be saved
   */
  saveUpstreams(upstreams: readonly GivenUpstream[]): Promise<void> {
    const weights = new Map(upstreams.map(({ name, weight }) => [name, weight]));
    return this.#options.desiredState.save(weights, { upstreams });
  }

  /**
   * Saves the template of a deploy before the deploy begins.
   *
   * @throws {StoreError} the state could not be saved
   */
  async saveDeploy(deploy: Template): Promise<void> {
    const { desiredState, ringSpec } = this.#options;
    await desiredState.save(ringSpec().weights, { deploy });
    desiredState.adopt({ deploy });
  }

  /** Forgets the deploy. If that cannot be saved, the balancer retries the deploy after a restart. */
  async forgetDeploy(): Promise<void> {
    this.#options.desiredState.adopt({ deploy: undefined });
    await this.#trySave();
  }

  /**
   * Saves the template of new replicas and spares, ends the deploy that brought it, and replaces
   * the spares of other templates.
   *
   * @throws {StoreError} the state could not be saved; the template is not adopted
   */
  async adoptTemplate(template: Template): Promise<void> {
    const { queue, roster, dispatcher, desiredState, ringSpec } = this.#options;
    const adopted = { template, deploy: undefined };
    await desiredState.save(ringSpec().weights, adopted);
    queue.run(() => {
      desiredState.adopt(adopted);
      for (const one of roster.all) {
        if (one.spare && !sameTemplate(one.template, template)) {
          dispatcher.apply(one.name, { type: "leave" });
        }
      }
    });
  }

  /**
   * Saves the state that the fleet starts with, and again once its images are known. No caller
   * waits for this, so a failed save is retried.
   */
  async saveInitial(): Promise<void> {
    if (await this.#trySave() || this.#closed) return;
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(SAVE_RETRY_MS, () => this.saveInitial());
  }

  /** Ends retries and waits for the save in progress. */
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

  #setUpstream(instance: Instance, weight: number, answers: boolean): void {
    const { roster, dispatcher } = this.#options;
    const { name } = instance;
    this.#admit(name);
    dispatcher.apply(name, { type: "weigh", weight });
    dispatcher.apply(name, { type: "join" });
    if (roster.get(name)?.instance?.id === instance.id) return;
    dispatcher.apply(name, { type: "moved", instance, answers });
  }

  #admit(name: string): void {
    const { roster, desiredState } = this.#options;
    roster.admit({ name, template: desiredState.template });
  }
}
