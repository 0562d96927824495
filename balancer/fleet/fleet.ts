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
import type { Blueprint, RingShape } from "./spec/ring_spec.ts";
import { Census, type Finding } from "./reconcile/inventory.ts";
import { applied, type Change } from "./spec/change.ts";
import { Charter, weighted } from "./store/desired_state.ts";
import type { Clock } from "../clock.ts";
import { EngineLink } from "./reconcile/engine_monitor.ts";
import { Heartbeats } from "./health/heartbeats.ts";
import { Incidents } from "./incidents/incidents.ts";
import { Journal } from "./incidents/event_log.ts";
import { Keeper } from "./reconcile/reconciler.ts";
import { Ledger } from "./reconcile/dispatcher.ts";
import { inRing, isLeaving, isReplica, type Member } from "./member/member.ts";
import type { FleetPolicy } from "./member/policy.ts";
import type { Miss, Probe } from "./health/probe.ts";
import { Outliers } from "./health/outliers.ts";
import { Pinning } from "./reconcile/pinning.ts";
import { Quarantine } from "./health/poison_keys.ts";
import { type PendingRemoval, Removals } from "./reconcile/removals.ts";
import { Roster } from "./reconcile/roster.ts";
import type { FleetStore } from "./store/store.ts";
import { Successors } from "./reconcile/rollout.ts";
import { sameTemplate } from "./spec/template.ts";
import type { MemberEvent } from "./member/transition.ts";
import { type Condition, Waiters } from "./reconcile/conditions.ts";
import { Writer } from "./reconcile/event_queue.ts";

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
  readonly journal: Journal;
  /** The failures of its replicas. */
  readonly incidents: Incidents;
  /** The request keys that replicas died of. */
  readonly quarantine: Quarantine;
  /** Who is to take over from replicas in a deploy. */
  readonly successors: Successors;
  readonly #options: FleetOptions;
  readonly #roster: Roster;
  readonly #ledger: Ledger;
  readonly #keeper: Keeper;
  readonly #census: Census;
  readonly #removals: Removals;
  readonly #outliers = new Outliers();
  readonly #writer: Writer;
  readonly #waiters = new Waiters();
  readonly #link: EngineLink;
  readonly #heartbeats: Heartbeats;
  readonly #charter: Charter;
  readonly #pinning: Pinning;
  #listed = false;
  #closing = false;
  #abandoned = false;
  #cancelTimer: (() => void) | undefined;
  #cancelSave: (() => void) | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    const { clock, policy } = options;
    const journal = this.journal = new Journal(clock);
    const incidents = this.incidents = new Incidents(clock, ({ id }) => {
      // What it cost is told by the workers a moment later.
      clock.after(TOLLS_MS, () => {
        const incident = incidents.find(id);
        if (incident) journal.add({ type: "incident", at: clock.now(), incident });
      });
    });
    const quarantine = this.quarantine = new Quarantine(policy);
    const roster = this.#roster = new Roster(options);
    const ledger = new Ledger({ ...options, roster, journal, incidents, quarantine });
    this.#ledger = ledger;
    const writer = this.#writer = new Writer({ ...options, settle: () => this.#settle() });
    const until = (condition: Condition) => this.until(condition);
    this.successors = new Successors({ ...options, writer, roster, ledger, until });
    const removals = this.#removals = new Removals(options);
    this.#census = new Census({ ...options, removals, roster, ledger });
    const charter = this.#charter = new Charter(options);
    this.#pinning = new Pinning({ roster, charter, save: () => void this.#saveFirst() });
    this.#link = new EngineLink({
      ...options,
      onExit: ({ id, reason }) => this.#post({ type: "exit", id, reason }),
      onHealth: ({ id, reason }) => this.#onHealth(id, reason),
      onListed: (finding) => this.#writer.do(() => this.#reconcile(finding)),
      onAway: () => this.#writer.do(() => this.#noteEngine(false)),
    });
    const actions = new ActionRunner({
      ...options,
      removals,
      report: (name, event) => this.#post(event, name),
      onAway: (error) => this.#link.lose(error),
    });
    this.#keeper = new Keeper({
      ...options,
      roster,
      ledger,
      actions,
      journal,
      incidents,
      quarantine,
    });
    this.#heartbeats = new Heartbeats({
      ...options,
      member: (name) => roster.get(name),
      report: (name, id, miss) => this.#writer.note(() => this.#onHeartbeat(name, id, miss)),
    });
  }

  /** The view that is published. */
  get view(): View {
    return this.#keeper.view;
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
    return this.#link.up;
  }

  /** Milliseconds since the engine stopped answering; 0 while it answers. */
  get engineAwayMs(): number {
    return this.#link.awayMs;
  }

  /** What new instances run. */
  get template(): Template {
    return this.#charter.template;
  }

  /** What the settings say that instances run. */
  get settings(): Template {
    return this.#options.settings ?? {};
  }

  /** What the ring is to be once nobody starts slowly: names in the order in which they joined. */
  get blueprint(): Blueprint {
    const replicas = this.members.filter(inRing).map(({ name, weight }) => [name, weight] as const);
    return { weights: new Map(replicas), shape: this.#charter.shape };
  }

  /** The upstreams in force with their weights; empty where the engine runs its own instances. */
  get upstreams(): readonly GivenUpstream[] {
    return weighted(this.#charter.upstreams ?? [], this.blueprint.weights);
  }

  /** The numbers that it decides by. */
  get policy(): FleetPolicy {
    return this.#options.policy;
  }

  /** Its clock: instants of members, quarantine and plans are read from it. */
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
    await this.#charter.load();
    const { upstreams } = this.#charter;
    if (upstreams) this.#options.engine.setUpstreams?.(upstreams);
    await this.#link.reach();
  }

  /** What the data plane noticed. */
  observe(evidence: Evidence): void {
    const { name, instance: id, kind, fresh, unreachable, key } = evidence;
    this.#options.log.debug("{name}: connection {kind}", { name, kind, instance: id });
    const now = this.#options.clock.now();
    const inHand = !unreachable && (kind === "reset" || kind === "timeout");
    if (inHand) this.quarantine.note(id, key, now);
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
    this.#writer.do(() => {
      const ready = Array.from(this.view.ready.values(), ({ instance }) => instance);
      for (const { instance: id, reason } of this.#outliers.find(ready)) {
        if (this.#roster.mayEject()) this.#ledger.route({ type: "outlier", id, reason });
      }
    });
  }

  /** Makes replicas known that are not in the ring yet, and starts them. */
  enlist(names: readonly string[]): void {
    this.#writer.do(() => names.forEach((name) => this.#admit(name)));
  }

  /** Takes replicas out for good, all in one change of the view; they drain and end. */
  dismiss(names: readonly string[]): void {
    this.#writer.do(() => names.forEach((name) => this.#ledger.move(name, { type: "leave" })));
  }

  /**
   * Makes a change, all of it in one view: who is added, and has been enlisted, gets slots; who is
   * removed loses them, drains and ends.
   */
  change({ add, remove, weights, shape }: Change): void {
    const ledger = this.#ledger;
    this.#writer.do(() => {
      this.#charter.adopt({ shape });
      for (const [name, weight] of weights) ledger.move(name, { type: "weigh", weight });
      for (const name of add) ledger.move(name, { type: "join" });
      for (const name of remove) ledger.move(name, { type: "leave" });
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
    this.#writer.do(() => {
      const names = new Set(upstreams.map(({ name }) => name));
      const instances = engine.setUpstreams?.(upstreams) ?? [];
      this.#charter.adopt({ upstreams });
      for (const { name } of this.members) {
        if (!names.has(name)) this.#ledger.move(name, { type: "leave" });
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
    return this.#charter.save(weights, { upstreams });
  }

  #setUpstream(instance: Instance, weight: number, answers: boolean): void {
    const { name } = instance;
    this.#admit(name);
    this.#ledger.move(name, { type: "weigh", weight });
    this.#ledger.move(name, { type: "join" });
    if (this.#roster.get(name)?.instance?.id === instance.id) return;
    this.#ledger.move(name, { type: "moved", instance, answers });
  }

  /**
   * Saves a change before it is made, so that the next life of the balancer knows of it.
   *
   * @param change what {@linkcode Fleet.change} is given next
   * @throws {StoreError} it is not saved
   */
  save(change: Change): Promise<void> {
    const { weights, shape } = applied(this.blueprint, change);
    return this.#charter.save(weights, { shape });
  }

  /**
   * Saves what a deploy brings, before it begins.
   *
   * @throws {StoreError} it is not saved
   */
  async saveDeploy(deploy: Template): Promise<void> {
    await this.#charter.save(this.blueprint.weights, { deploy });
    this.#charter.adopt({ deploy });
  }

  /** The deploy goes back. Where that cannot be saved, the balancer's next life tries it again. */
  async forgetDeploy(): Promise<void> {
    this.#charter.adopt({ deploy: undefined });
    try {
      await this.#charter.save(this.blueprint.weights);
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
    await this.#charter.save(this.blueprint.weights, adopted);
    this.#writer.do(() => {
      this.#charter.adopt(adopted);
      for (const spare of this.spares) {
        if (!sameTemplate(spare.template, template)) {
          this.#ledger.move(spare.name, { type: "leave" });
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
    const reached = this.#waiters.add(condition);
    this.#writer.do(() => {});
    return reached;
  }

  /** Looks again whether a wait of {@linkcode Fleet.until} is over: time alone changed something. */
  review(): void {
    this.#writer.do(() => {});
  }

  /** Waits until it is known who belongs to the fleet: until the engine has answered once. */
  known(): Promise<void> {
    return this.until(() => this.#listed);
  }

  /** What a deploy that is under way brings, or did when the balancer's last life ended. */
  get deploying(): Template | undefined {
    return this.#charter.deploy;
  }

  /**
   * Stops every instance that is ours to stop, then lets go of the engine.
   *
   * @throws {Error} something could not be removed: says what
   */
  async close(): Promise<void> {
    if (this.#abandoned) return;
    if (this.#options.policy.replaces && this.#link.up) {
      this.#closing = true;
      this.dismiss(this.#roster.all.map(({ name }) => name));
      await this.until((members) => members.size === 0 || !this.#link.up);
      if (this.#link.up) await this.#sweep();
    }
    await this.abandon();
    const left = this.#removals.pending.map(({ name, id }) => `${name} (${id})`);
    if (left.length > 0) throw new Error(`the engine did not remove ${left.join(", ")}`);
  }

  /** Lets go of the engine and leaves the instances as they are. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.#writer.close();
    this.#removals.close();
    this.#cancelTimer?.();
    this.#cancelSave?.();
    this.#heartbeats.close();
    this.#link.close();
    await this.#charter.saved();
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
    this.#roster.admit({ name, template: this.#charter.template });
  }

  #post(event: MemberEvent, name?: string): void {
    this.#writer.do(() => {
      this.#ledger.route(event, name);
      if (event.type === "started") this.#pinning.note(event.instance);
    });
  }

  /** @returns whether anything changed: of most heartbeats, nothing follows */
  #onHeartbeat(name: string, id: string, miss: Miss | undefined): boolean {
    const { revision } = this.#roster;
    if (miss) this.#onMiss(name, id, miss);
    else this.#ledger.route({ type: "probe", id, mayEject: this.#mayEject(name) }, name);
    return this.#roster.revision !== revision;
  }

  /** A passed heartbeat takes out only an instance that its engine calls unhealthy. */
  #mayEject(name: string): boolean {
    return this.#roster.get(name)?.unhealthy === undefined || this.#roster.mayEject();
  }

  #onMiss(name: string, id: string, { refused, reason }: Miss): void {
    // Nobody listens there any more: that is proof, and no missed heartbeat among others.
    const { probes, downAfter } = this.#options.policy;
    if (refused && probes && this.#roster.get(name)?.phase === "ready") {
      return this.#ledger.route({ type: "evidence", id, kind: "refused", fresh: true });
    }
    const mayEject = this.#roster.mayEject();
    this.#ledger.route({ type: "probe", id, mayEject, reason }, name);
    const member = this.#roster.get(name);
    if (mayEject || member?.phase !== "ready") return;
    // All seem to fail: what the engine says about them comes first.
    if (member.misses === downAfter) this.#link.reach();
  }

  /** The engine's own health check of an instance failed, or passes again. */
  #onHealth(id: string, reason: string | undefined): void {
    this.#post({ type: "health", id, ...(reason === undefined ? {} : { reason }) });
    if (reason === undefined) return;
    this.#options.log.warn("{instance} is unhealthy: {reason}", { instance: id, reason });
    this.#heartbeats.hurry(id);
    this.#writer.do(() => this.#tick());
  }

  #tick(): void {
    for (const { name } of this.#roster.all) {
      this.#ledger.move(name, { type: "tick", mayEject: this.#roster.mayEject() });
    }
  }

  #settle(): void {
    const now = this.#options.clock.now();
    const present = this.#listed && !this.#closing;
    const { template, shape } = this.#charter;
    const wishes = { engineUp: this.#link.up, spares: present, template, shape };
    this.#keeper.settle(wishes, now);
    this.#heartbeats.tend(this.#roster.all);
    this.#setTimer(now);
    this.#waiters.wake(this.#roster.byName);
  }

  #reconcile(finding: Finding): void {
    this.#noteEngine(true);
    const first = !this.#listed;
    if (first) this.#muster(finding);
    this.#listed = true;
    this.#census.take(finding);
    if (first) this.#saveFirst();
    for (const { id, unhealthy } of finding.running) {
      this.#ledger.route({
        type: "health",
        id,
        ...(unhealthy === undefined ? {} : { reason: unhealthy }),
      });
    }
  }

  #muster(finding: Finding): void {
    this.#charter.recover(finding.running);
    this.#charter.takeUp(finding);
    const { template } = this.#charter;
    for (const admission of this.#roster.muster(finding, this.#charter)) {
      this.#roster.admit({ template, ...admission });
    }
  }

  /**
   * Saves what the fleet begins as, and runs once its images are known. Nobody asked for a change,
   * so a failure stops nothing: it is tried again.
   */
  async #saveFirst(): Promise<void> {
    try {
      await this.#charter.save(this.blueprint.weights);
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
    const deadline = this.#keeper.nextDeadline(now);
    if (deadline === Infinity) return;
    this.#cancelTimer = this.#options.clock.after(deadline - now, () => {
      this.#writer.do(() => this.#tick());
    });
  }

  #noteEngine(up: boolean): void {
    this.journal.add({ type: "engine", at: this.#options.clock.now(), up });
  }
}
