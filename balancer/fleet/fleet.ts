/**
 * The fleet: desired replicas, their observed state, and the one writer that brings the second to
 * the first.
 *
 * Everything that happens is an event, and events are applied one at a time: `transition` moves a
 * member, the reconciler publishes the changed view and then starts the actions of the plan.
 * Actions are slow and run outside the writer; each one ends in an event that carries the
 * instance's id, so that a stale one is dropped.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { ClusterStatus } from "../cluster/cluster.ts";
import type { Template } from "../engine/engine.ts";
import type { GivenUpstream } from "../upstream_list.ts";
import type { Evidence, FailureCost, MaintenanceState, Sample, View } from "../view.ts";
import type { PoisonKeys } from "./health/poison_keys.ts";
import type { EventLog } from "./incidents/event_log.ts";
import type { Incidents } from "./incidents/incidents.ts";
import { isLeaving, type Member } from "./member/member.ts";
import type { FleetPolicy } from "./member/policy.ts";
import { type FleetOptions, FleetParts } from "./parts.ts";
import type { Changes } from "./reconcile/changes.ts";
import type { Condition } from "./reconcile/conditions.ts";
import { DeadlineTimer } from "./reconcile/deadline_timer.ts";
import type { PendingRemoval } from "./reconcile/removals.ts";
import type { SharedChanges } from "./reconcile/shared_changes.ts";
import type { Rollout } from "./reconcile/rollout.ts";
import type { RingSpec } from "./spec/ring_spec.ts";
import { weighted } from "./store/saved_form.ts";

/** Keeps the desired replicas alive. */
export class Fleet {
  /** Log of what happens to the fleet. */
  readonly eventLog: EventLog;
  /** Failures of replicas. */
  readonly incidents: Incidents;
  /** Request keys that killed replicas. */
  readonly poisonKeys: PoisonKeys;
  /** Changes of the desired state. */
  readonly changes: Changes;
  /** Successors of replicas in a deploy. */
  readonly rollout: Rollout;
  readonly #options: FleetOptions;
  readonly #parts: FleetParts;
  readonly #timer: DeadlineTimer;
  #onHealing = () => {};
  #closing = false;
  #abandoned = false;
  #maintenance: MaintenanceState | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#timer = new DeadlineTimer(options.clock, () => this.#parts.signals.tick());
    const parts = this.#parts = new FleetParts(options, () => this.#settle());
    this.eventLog = parts.eventLog;
    this.incidents = parts.incidents;
    this.poisonKeys = parts.poisonKeys;
    this.changes = parts.changes;
    this.rollout = parts.rollout;
  }

  /** The published view. */
  get view(): View {
    return this.#parts.reconciler.view;
  }

  /** Every replica, including those that leave, in the order in which they joined. */
  get members(): readonly Member[] {
    return this.#parts.members;
  }

  /** Every spare. */
  get spares(): readonly Member[] {
    return this.#parts.roster.all.filter((member) => member.spare);
  }

  /** Desired number of replicas. */
  get desired(): number {
    if (!this.#parts.inventory.complete) return this.#options.desired;
    return this.members.filter((member) => !isLeaving(member)).length;
  }

  /** Instances that are being stopped or removed. */
  get removals(): readonly PendingRemoval[] {
    return this.#parts.removals.pending;
  }

  /** False while the engine is unreachable. */
  get engineUp(): boolean {
    return this.#parts.engineMonitor.up;
  }

  /** Milliseconds since the engine became unreachable; 0 while it is reachable. */
  get engineAwayMs(): number {
    return this.#parts.engineMonitor.awayMs;
  }

  /** Template of new instances. */
  get template(): Template {
    return this.#parts.desiredState.template;
  }

  /** Template of the deploy in progress, or of one that the last run of the balancer left. */
  get deploying(): Template | undefined {
    return this.#parts.desiredState.deploy;
  }

  /** Template of the settings. */
  get settings(): Template {
    return this.#options.settings ?? {};
  }

  /** Desired weights, in the order in which the replicas joined, and shape of the ring. */
  get ringSpec(): RingSpec {
    return this.#parts.ringSpec;
  }

  /** The upstreams with their present weights; empty if the engine runs its own instances. */
  get upstreams(): readonly GivenUpstream[] {
    return weighted(this.#parts.desiredState.upstreams ?? [], this.ringSpec.weights);
  }

  /** The maintenance under way; undefined if there is none. */
  get maintenance(): MaintenanceState | undefined {
    return this.#parts.desiredState.maintenance;
  }

  /** Thresholds and times of every decision. */
  get policy(): FleetPolicy {
    return this.#options.policy;
  }

  /** Clock of every instant in members, poison keys and plans. */
  get clock(): Clock {
    return this.#options.clock;
  }

  /** Upper bound on the number of replicas, in addition to the ring's own capacity. */
  get limit(): number {
    return this.#options.limit;
  }

  /**
   * Loads the saved state, adopts running instances and starts missing ones, as soon as the engine
   * is reachable.
   *
   * @throws {StoreError} the saved state cannot be read
   */
  async open(): Promise<void> {
    const { shared, changes, desiredState } = this.#parts;
    if (shared) await shared.open(changes as SharedChanges, () => this.#onHealing());
    else await desiredState.load();
    const { upstreams } = desiredState;
    if (upstreams) this.#options.engine.setUpstreams?.(upstreams);
    await this.#parts.engineMonitor.connect();
  }

  /** Whether this balancer starts and stops instances now; of several balancers one does. */
  get mayHeal(): boolean {
    return this.#parts.mayHeal;
  }

  /** This balancer and the others of the fleet; undefined if there is only one. */
  get cluster(): ClusterStatus | undefined {
    return this.#options.cluster?.status;
  }

  /** True if this balancer is one of several and has lost the store that they share. */
  get isolated(): boolean {
    return this.#options.cluster?.isolated ?? false;
  }

  /**
   * Calls back when this balancer begins to heal the fleet, and after each change of the desired
   * state while it heals. With one balancer it never does.
   */
  set onHealing(callback: () => void) {
    this.#onHealing = callback;
  }

  /**
   * Waits a short time until all live balancers route by the desired state in force.
   *
   * @returns ids of the balancers that do not
   */
  async acknowledged(): Promise<readonly string[]> {
    return await this.#parts.shared?.acknowledged() ?? [];
  }

  /** Takes evidence of the data plane about an instance. */
  observe(evidence: Evidence): void {
    this.#parts.signals.evidence(evidence);
  }

  /** Takes what failures cost the requests of the data plane. */
  count(costs: readonly FailureCost[]): void {
    this.#parts.signals.costs(costs);
  }

  /** Every worker of the data plane routes by this version of the view, or by a later one. */
  applied(version: number): void {
    this.#parts.signals.applied(version);
    this.#parts.shared?.applied(version);
  }

  /** Takes counts of responses and compares the instances. */
  compare(samples: readonly Sample[]): void {
    this.#parts.signals.samples(samples);
  }

  /**
   * Waits until the members fulfil a condition.
   *
   * @param condition evaluated now and after every event; an error that it throws rejects the wait
   */
  until(condition: Condition): Promise<void> {
    return this.#parts.until(condition);
  }

  /** Evaluates the conditions of {@linkcode Fleet.until} again, because time has passed. */
  recheck(): void {
    this.#parts.queue.run(() => {});
  }

  /** Waits until the engine has listed its instances, so that the members are known. */
  known(): Promise<void> {
    return this.until(() => this.#parts.inventory.complete);
  }

  /**
   * Stops every instance that the balancer runs, then closes the engine. One balancer of several
   * leaves the instances to the others.
   *
   * @throws {Error} an instance could not be removed; the message names it
   */
  async close(): Promise<void> {
    if (this.#abandoned) return;
    if (this.#parts.shared) return await this.abandon();
    const { policy: { replaces, stopGraceMs } } = this.#options;
    if (replaces && this.engineUp) {
      this.#closing = true;
      this.changes.withdraw(this.#parts.roster.all.map(({ name }) => name));
      await this.until((members) => members.size === 0 || !this.engineUp);
      if (this.engineUp) await this.#parts.removals.sweep(stopGraceMs);
    }
    await this.abandon();
    const left = this.#parts.removals.pending.map(({ name, id }) => `${name} (${id})`);
    if (left.length > 0) throw new Error(`the engine did not remove ${left.join(", ")}`);
  }

  /** Closes the engine and leaves the instances as they are. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.#parts.queue.close();
    this.#parts.removals.close();
    this.#timer.cancel();
    this.#parts.heartbeats.close();
    this.#parts.engineMonitor.close();
    await this.changes.close();
    await this.#parts.shared?.leave();
    await this.#options.engine.close();
  }

  /** Ends without a word to the other balancers, as a crash does. For tests. */
  crash(): void {
    this.#abandoned = true;
    this.#parts.queue.close();
    this.#timer.cancel();
    this.#parts.heartbeats.close();
    this.#parts.engineMonitor.close();
    this.#parts.shared?.close();
  }

  /** Runs after each event: reconciles, then updates everything that follows from the members. */
  #settle(): void {
    const { shared, inventory, reconciler, desiredState } = this.#parts;
    const { template, shape, epoch } = desiredState;
    const spares = inventory.complete && !this.#closing;
    if (inventory.complete) shared?.prepare();
    const { engineUp, mayHeal } = this;
    const input = { engineUp, spares, template, shape, epoch, mayHeal };
    const standIns = shared?.standIns.present;
    const now = reconciler.reconcile({ ...input, standIns }, this.#options.clock);
    this.#parts.heartbeats.sync(this.#parts.roster.all);
    const standIn = shared?.standIns.next(now) ?? Infinity;
    this.#timer.set(Math.min(standIn, reconciler.nextDeadline(now)) - now);
    this.#tellMaintenance();
    if (inventory.complete) shared?.settle();
    this.#parts.conditions.check(this.#parts.roster.byName);
  }

  /** Of several balancers each one follows the shared state. */
  #tellMaintenance(): void {
    const { maintenance } = this;
    if (maintenance === this.#maintenance) return;
    this.#maintenance = maintenance;
    this.#options.onMaintenance?.(maintenance);
  }
}
