/**
 * The fleet: desired replicas, their observed state, and the one writer that brings the second to
 * the first.
 *
 * Everything that happens is an event. Events are taken one by one: `transition` moves the members,
 * a changed view is published, and only then are the actions of `plan` set going. Actions are slow
 * and run outside; they come back as events that carry the instance's id, so that a stale one is
 * dropped.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Engine, Instance, Template } from "../engine/engine.ts";
import type { FailureLog } from "../failures.ts";
import type { GivenUpstream } from "../upstream_list.ts";
import type { DataPlane, Evidence, Sample, Toll, View } from "../view.ts";
import { ActionRunner } from "./reconcile/action_runner.ts";
import type { RingShape, RingSpec } from "./spec/ring_spec.ts";
import { type EngineListing, Inventory } from "./reconcile/inventory.ts";
import { applied, type Change } from "./spec/change.ts";
import { DesiredState, weighted } from "./store/desired_state.ts";
import type { Clock } from "../clock.ts";
import { EngineMonitor } from "./reconcile/engine_monitor.ts";
import { Heartbeats } from "./health/heartbeats.ts";
import { Incidents } from "./incidents/incidents.ts";
import { EventLog } from "./incidents/event_log.ts";
import { Reconciler } from "./reconcile/reconciler.ts";
import { Dispatcher } from "./reconcile/dispatcher.ts";
import { inRing, isLeaving, isReplica, type Member } from "./member/member.ts";
import type { FleetPolicy } from "./member/policy.ts";
import type { Miss, Probe } from "./health/probe.ts";
import { Outliers } from "./health/outliers.ts";
import { Pinning } from "./reconcile/pinning.ts";
import { PoisonKeys } from "./health/poison_keys.ts";
import { type PendingRemoval, Removals } from "./reconcile/removals.ts";
import { Roster } from "./reconcile/roster.ts";
import type { FleetStore } from "./store/store.ts";
import { Rollout } from "./reconcile/rollout.ts";
import { sameTemplate } from "./spec/template.ts";
import type { MemberEvent } from "./member/transition.ts";
import { type Condition, Conditions } from "./reconcile/conditions.ts";
import { EventQueue } from "./reconcile/event_queue.ts";

/** What a fleet is made of. */
export interface FleetOptions {
  readonly engine: Engine;
  readonly dataPlane: DataPlane;
  /** The ring's shape, unless it was changed in an earlier life. */
  readonly shape: RingShape;
  readonly policy: FleetPolicy;
  /** The upstreams of the settings, where somebody else runs the instances. */
  readonly upstreams?: readonly GivenUpstream[];
  /** How many replicas there are to be at first; more are kept where more exist already. */
  readonly desired: number;
  /** The most replicas that there may be, however many the ring has room for. */
  readonly limit: number;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly store: FleetStore;
  /** What instances run by the settings, where the engine runs any. */
  readonly settings?: Template;
  readonly log: Logger;
  readonly failures: FailureLog;
}

/** An incident that is over is told of after this time, in milliseconds. */
const TOLLS_MS = 200;

/** What has ended may take this long to be removed when the balancer ends, in milliseconds. */
const REMOVED_WITHIN_MS = 5000;

/** The first save is tried again after this time, in milliseconds. */
const SAVE_RETRY_MS = 10_000;

/** Keeps the desired replicas alive. */
export class Fleet {
  /** What happened to the fleet, for whoever listens. */
  readonly eventLog: EventLog;
  /** The failures of its replicas. */
  readonly incidents: Incidents;
  /** The request keys that replicas died of. */
  readonly poisonKeys: PoisonKeys;
  /** Who is to take over from replicas in a deploy. */
  readonly rollout: Rollout;
  readonly #options: FleetOptions;
  readonly #roster: Roster;
  readonly #dispatcher: Dispatcher;
  readonly #reconciler: Reconciler;
  readonly #inventory: Inventory;
  readonly #removals: Removals;
  readonly #outliers = new Outliers();
  readonly #queue: EventQueue;
  readonly #conditions = new Conditions();
  readonly #engineMonitor: EngineMonitor;
  readonly #heartbeats: Heartbeats;
  readonly #desiredState: DesiredState;
  readonly #pinning: Pinning;
  #listed = false;
  #closing = false;
  #abandoned = false;
  #cancelTimer: (() => void) | undefined;
  #cancelSave: (() => void) | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    const { clock, policy } = options;
    const eventLog = this.eventLog = new EventLog(clock);
    const incidents = this.incidents = new Incidents(clock, ({ id }) => {
      // What it cost is told by the workers a moment later.
      clock.after(TOLLS_MS, () => {
        const incident = incidents.find(id);
        if (incident) eventLog.add({ type: "incident", at: clock.now(), incident });
      });
    });
    const poisonKeys = this.poisonKeys = new PoisonKeys(policy);
    const roster = this.#roster = new Roster(options);
    const dispatcher = new Dispatcher({ ...options, roster, eventLog, incidents, poisonKeys });
    this.#dispatcher = dispatcher;
    const queue = this.#queue = new EventQueue({ ...options, settle: () => this.#settle() });
    const until = (condition: Condition) => this.until(condition);
    this.rollout = new Rollout({ ...options, queue, roster, dispatcher, until });
    const removals = this.#removals = new Removals(options);
    this.#inventory = new Inventory({ ...options, removals, roster, dispatcher });
    const desiredState = this.#desiredState = new DesiredState(options);
    this.#pinning = new Pinning({ roster, desiredState, save: () => void this.#saveFirst() });
    this.#engineMonitor = new EngineMonitor({
      ...options,
      onExit: ({ id, reason }) => this.#post({ type: "exit", id, reason }),
      onHealth: ({ id, reason }) => this.#onHealth(id, reason),
      onListed: (listing) => this.#queue.run(() => this.#reconcile(listing)),
      onAway: () => this.#queue.run(() => this.#noteEngine(false)),
    });
    const actions = new ActionRunner({
      ...options,
      removals,
      report: (name, event) => this.#post(event, name),
      onAway: (error) => this.#engineMonitor.markDown(error),
    });
    this.#reconciler = new Reconciler({
      ...options,
      roster,
      dispatcher,
      actions,
      eventLog,
      incidents,
      poisonKeys,
    });
    this.#heartbeats = new Heartbeats({
      ...options,
      member: (name) => roster.get(name),
      report: (name, id, miss) => this.#queue.run(() => this.#onHeartbeat(name, id, miss)),
    });
  }

  /** The view that is published. */
  get view(): View {
    return this.#reconciler.view;
  }

  /** Every replica, desired or on its way out, in the order in which they joined. */
  get members(): readonly Member[] {
    return this.#roster.all.filter(isReplica);
  }

  /** Every spare. */
  get spares(): readonly Member[] {
    return this.#roster.all.filter((member) => member.spare);
  }

  /** How many replicas there are to be. */
  get desired(): number {
    if (!this.#listed) return this.#options.desired;
    return this.members.filter((member) => !isLeaving(member)).length;
  }

  /** What ends or has ended and is not removed yet. */
  get removals(): readonly PendingRemoval[] {
    return this.#removals.pending;
  }

  /** False while the engine cannot be reached. */
  get engineUp(): boolean {
    return this.#engineMonitor.up;
  }

  /** Milliseconds since the engine stopped answering; 0 while it answers. */
  get engineAwayMs(): number {
    return this.#engineMonitor.awayMs;
  }

  /** What new instances run. */
  get template(): Template {
    return this.#desiredState.template;
  }

  /** What the settings say that instances run. */
  get settings(): Template {
    return this.#options.settings ?? {};
  }

  /** What the ring is to be once nobody starts slowly: names in the order in which they joined. */
  get ringSpec(): RingSpec {
    const replicas = this.members.filter(inRing).map(({ name, weight }) => [name, weight] as const);
    return { weights: new Map(replicas), shape: this.#desiredState.shape };
  }

  /** The upstreams in force with their weights; empty where the engine runs its own instances. */
  get upstreams(): readonly GivenUpstream[] {
    return weighted(this.#desiredState.upstreams ?? [], this.ringSpec.weights);
  }

  /** The numbers that it decides by. */
  get policy(): FleetPolicy {
    return this.#options.policy;
  }

  /** Its clock: instants of members, poisonKeys and plans are read from it. */
  get clock(): Clock {
    return this.#options.clock;
  }

  /** The most replicas that there may be, however many the ring has room for. */
  get limit(): number {
    return this.#options.limit;
  }

  /**
   * Takes over what runs already and starts what is missing, as soon as the engine answers.
   *
   * @throws {StoreError} what was kept of the fleet cannot be read
   */
  async open(): Promise<void> {
    await this.#desiredState.load();
    const { upstreams } = this.#desiredState;
    if (upstreams) this.#options.engine.setUpstreams?.(upstreams);
    await this.#engineMonitor.connect();
  }

  /** What the data plane noticed. */
  observe(evidence: Evidence): void {
    const { name, instance: id, kind, fresh, unreachable, key } = evidence;
    this.#options.log.debug("{name}: connection {kind}", { name, kind, instance: id });
    const now = this.#options.clock.now();
    const inHand = !unreachable && (kind === "reset" || kind === "timeout");
    if (inHand) this.poisonKeys.recordFailure(id, key, now);
    this.incidents.evidence(evidence, now);
    this.#post({ type: "evidence", id, kind, fresh, ...(unreachable && { unreachable }) });
    this.#heartbeats.hurry(id);
  }

  /** What became of the requests that a failure touched. */
  count(tolls: readonly Toll[]): void {
    this.incidents.count(tolls, this.#options.clock.now());
  }

  /** Every worker of the data plane routes by this version of the view, or a later one. */
  applied(version: number): void {
    this.incidents.applied(version, this.#options.clock.now());
  }

  /** How instances answered. One that does worse than the others goes where enough are ready. */
  compare(samples: readonly Sample[]): void {
    this.#outliers.add(samples, this.#options.clock.now());
    this.#queue.run(() => {
      const ready = Array.from(this.view.ready.values(), ({ instance }) => instance);
      for (const { instance: id, reason } of this.#outliers.find(ready)) {
        if (this.#roster.mayEject()) this.#dispatcher.dispatch({ type: "outlier", id, reason });
      }
    });
  }

  /** Makes replicas known that are not in the ring yet, and starts them. */
  add(names: readonly string[]): void {
    this.#queue.run(() => names.forEach((name) => this.#admit(name)));
  }

  /** Takes replicas out for good, all in one change of the view; they drain and end. */
  remove(names: readonly string[]): void {
    this.#queue.run(() => names.forEach((name) => this.#dispatcher.apply(name, { type: "leave" })));
  }

  /**
   * Makes a change, all of it in one view: who is added, and has been enlisted, gets slots; who is
   * removed loses them, drains and ends.
   */
  change({ add, remove, weights, shape }: Change): void {
    const dispatcher = this.#dispatcher;
    this.#queue.run(() => {
      this.#desiredState.adopt({ shape });
      for (const [name, weight] of weights) dispatcher.apply(name, { type: "weigh", weight });
      for (const name of add) dispatcher.apply(name, { type: "join" });
      for (const name of remove) dispatcher.apply(name, { type: "leave" });
    });
  }

  /**
   * Takes another list of upstreams up, all of it in one view. Upstreams that are new join, those
   * whose address changed are reached at the new one, those that are missing drain and leave.
   *
   * @param upstreams names, addresses and weights, each name once
   * @param answering names of those that are new or moved and have passed their heartbeats
   */
  setUpstreams(upstreams: readonly GivenUpstream[], answering: ReadonlySet<string>): void {
    const { engine } = this.#options;
    this.#queue.run(() => {
      const names = new Set(upstreams.map(({ name }) => name));
      const instances = engine.setUpstreams?.(upstreams) ?? [];
      this.#desiredState.adopt({ upstreams });
      for (const { name } of this.members) {
        if (!names.has(name)) this.#dispatcher.apply(name, { type: "leave" });
      }
      for (const [at, { name, weight }] of upstreams.entries()) {
        this.#setUpstream(instances[at]!, weight, answering.has(name));
      }
    });
  }

  /**
   * Saves a list of upstreams before it is taken up.
   *
   * @throws {StoreError} it is not saved
   */
  saveUpstreams(upstreams: readonly GivenUpstream[]): Promise<void> {
    const weights = new Map(upstreams.map(({ name, weight }) => [name, weight]));
    return this.#desiredState.save(weights, { upstreams });
  }

  #setUpstream(instance: Instance, weight: number, answers: boolean): void {
    const { name } = instance;
    this.#admit(name);
    this.#dispatcher.apply(name, { type: "weigh", weight });
    this.#dispatcher.apply(name, { type: "join" });
    if (this.#roster.get(name)?.instance?.id === instance.id) return;
    this.#dispatcher.apply(name, { type: "moved", instance, answers });
  }

  /**
   * Saves a change before it is made, so that the next life of the balancer knows of it.
   *
   * @param change what {@linkcode Fleet.change} is given next
   * @throws {StoreError} it is not saved
   */
  save(change: Change): Promise<void> {
    const { weights, shape } = applied(this.ringSpec, change);
    return this.#desiredState.save(weights, { shape });
  }

  /**
   * Saves what a deploy brings, before it begins.
   *
   * @throws {StoreError} it is not saved
   */
  async saveDeploy(deploy: Template): Promise<void> {
    await this.#desiredState.save(this.ringSpec.weights, { deploy });
    this.#desiredState.adopt({ deploy });
  }

  /** The deploy goes back. Where that cannot be saved, the balancer's next life tries it again. */
  async forgetDeploy(): Promise<void> {
    this.#desiredState.adopt({ deploy: undefined });
    try {
      await this.#desiredState.save(this.ringSpec.weights);
    } catch (error) {
      this.#options.failures.record("fleet.save", error);
    }
  }

  /**
   * What replicas and spares that are new from now on run. Saved first; then spares that run
   * another are replaced. A deploy that brought it is over.
   *
   * @throws {StoreError} it is not saved, and not in force
   */
  async adoptTemplate(template: Template): Promise<void> {
    const adopted = { template, deploy: undefined };
    await this.#desiredState.save(this.ringSpec.weights, adopted);
    this.#queue.run(() => {
      this.#desiredState.adopt(adopted);
      for (const spare of this.spares) {
        if (!sameTemplate(spare.template, template)) {
          this.#dispatcher.apply(spare.name, { type: "leave" });
        }
      }
    });
  }

  /**
   * Waits for the members to come to a state.
   *
   * @param condition asked now and after every event; what it throws is what the wait ends with
   */
  until(condition: Condition): Promise<void> {
    const reached = this.#conditions.add(condition);
    this.#queue.run(() => {});
    return reached;
  }

  /** Looks again whether a wait of {@linkcode Fleet.until} is over: time alone changed something. */
  recheck(): void {
    this.#queue.run(() => {});
  }

  /** Waits until it is known who belongs to the fleet: until the engine has answered once. */
  known(): Promise<void> {
    return this.until(() => this.#listed);
  }

  /** What a deploy that is under way brings, or did when the balancer's last life ended. */
  get deploying(): Template | undefined {
    return this.#desiredState.deploy;
  }

  /**
   * Stops every instance that is ours to stop, then lets go of the engine.
   *
   * @throws {Error} something could not be removed: says what
   */
  async close(): Promise<void> {
    if (this.#abandoned) return;
    if (this.#options.policy.replaces && this.#engineMonitor.up) {
      this.#closing = true;
      this.remove(this.#roster.all.map(({ name }) => name));
      await this.until((members) => members.size === 0 || !this.#engineMonitor.up);
      if (this.#engineMonitor.up) await this.#sweep();
    }
    await this.abandon();
    const left = this.#removals.pending.map(({ name, id }) => `${name} (${id})`);
    if (left.length > 0) throw new Error(`the engine did not remove ${left.join(", ")}`);
  }

  /** Lets go of the engine and leaves the instances as they are. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.#queue.close();
    this.#removals.close();
    this.#cancelTimer?.();
    this.#cancelSave?.();
    this.#heartbeats.close();
    this.#engineMonitor.close();
    await this.#desiredState.saved();
    await this.#options.engine.close();
  }

  /** Removes what else exists of this fleet, and waits a moment for all that is being removed. */
  async #sweep(): Promise<void> {
    const { engine, policy: { stopGraceMs: graceMs }, failures } = this.#options;
    try {
      const [running, remains] = await Promise.all([engine.list(), engine.remains()]);
      for (const { id, name } of [...running, ...remains]) {
        this.#removals.clear({ id, name, graceMs });
      }
    } catch (error) {
      failures.record("engine.list", error);
    }
    await this.#removals.settled(graceMs + REMOVED_WITHIN_MS);
  }

  #admit(name: string): void {
    this.#roster.admit({ name, template: this.#desiredState.template });
  }

  #post(event: MemberEvent, name?: string): void {
    this.#queue.run(() => {
      this.#dispatcher.dispatch(event, name);
      if (event.type === "started") this.#pinning.note(event.instance);
    });
  }

  #onHeartbeat(name: string, id: string, miss: Miss | undefined): void {
    // Nobody listens there any more: that is proof, and no missed heartbeat among others.
    const { probes } = this.#options.policy;
    if (miss?.refused && probes && this.#roster.get(name)?.phase === "ready") {
      return this.#dispatcher.dispatch({ type: "evidence", id, kind: "refused", fresh: true });
    }
    const mayEject = this.#roster.mayEject();
    const outcome = miss ? { reason: miss.reason } : {};
    this.#dispatcher.dispatch({ type: "probe", id, mayEject, ...outcome }, name);
    const member = this.#roster.get(name);
    if (mayEject || member?.phase !== "ready") return;
    // All seem to fail: what the engine says about them comes first.
    if (member.misses === this.#options.policy.downAfter) this.#engineMonitor.connect();
  }

  /** The engine's own health check of an instance failed, or passes again. */
  #onHealth(id: string, reason: string | undefined): void {
    this.#post({ type: "health", id, ...(reason === undefined ? {} : { reason }) });
    if (reason === undefined) return;
    this.#options.log.warn("{instance} is unhealthy: {reason}", { instance: id, reason });
    this.#heartbeats.hurry(id);
    this.#queue.run(() => this.#tick());
  }

  #tick(): void {
    for (const { name } of this.#roster.all) {
      this.#dispatcher.apply(name, { type: "tick", mayEject: this.#roster.mayEject() });
    }
  }

  #settle(): void {
    const now = this.#options.clock.now();
    const present = this.#listed && !this.#closing;
    const { template, shape } = this.#desiredState;
    const input = { engineUp: this.#engineMonitor.up, spares: present, template, shape };
    this.#reconciler.settle(input, now);
    this.#heartbeats.tend(this.#roster.all);
    this.#setTimer(now);
    this.#conditions.check(this.#roster.byName);
  }

  #reconcile(listing: EngineListing): void {
    this.#noteEngine(true);
    const first = !this.#listed;
    if (first) this.#restore(listing);
    this.#listed = true;
    this.#inventory.take(listing);
    if (first) this.#saveFirst();
    for (const { id, unhealthy } of listing.running) {
      this.#dispatcher.dispatch({
        type: "health",
        id,
        ...(unhealthy === undefined ? {} : { reason: unhealthy }),
      });
    }
  }

  #restore(listing: EngineListing): void {
    this.#desiredState.recover(listing.running);
    this.#desiredState.takeUp(listing);
    const { template } = this.#desiredState;
    for (const admission of this.#roster.restore(listing, this.#desiredState)) {
      this.#roster.admit({ template, ...admission });
    }
  }

  /**
   * Saves what the fleet begins as, and runs once its images are known. Nobody asked for a change,
   * so a failure stops nothing: it is tried again.
   */
  async #saveFirst(): Promise<void> {
    try {
      await this.#desiredState.save(this.ringSpec.weights);
    } catch (error) {
      this.#options.failures.record("fleet.save", error);
      if (this.#closing) return;
      this.#cancelSave?.();
      this.#cancelSave = this.#options.clock.after(SAVE_RETRY_MS, () => this.#saveFirst());
    }
  }

  #setTimer(now: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const deadline = this.#reconciler.nextDeadline(now);
    if (deadline === Infinity) return;
    this.#cancelTimer = this.#options.clock.after(deadline - now, () => {
      this.#queue.run(() => this.#tick());
    });
  }

  #noteEngine(up: boolean): void {
    this.eventLog.add({ type: "engine", at: this.#options.clock.now(), up });
  }
}
