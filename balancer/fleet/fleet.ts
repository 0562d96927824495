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
import type { Engine, Instance, Remains, Template } from "../engine/engine.ts";
import type { FailureLog } from "../failures.ts";
import type { DataPlane, Evidence, Toll, View } from "../view.ts";
import { ActionRunner } from "./action_runner.ts";
import type { Clock } from "./clock.ts";
import { EngineLink } from "./engine_link.ts";
import { Heartbeats } from "./heartbeats.ts";
import { Incidents } from "./incidents.ts";
import { Journal } from "./journal.ts";
import { type Admission, inRing, isLeaving, isReplica, type Member } from "./member.ts";
import { type Action, isRestart, nextDeadline, plan } from "./plan.ts";
import type { FleetPolicy } from "./policy.ts";
import type { Probe } from "./probe.ts";
import { Quarantine } from "./quarantine.ts";
import { Roster } from "./roster.ts";
import { emptyView, nextView, type RingShape } from "./snapshot.ts";
import { StartBudget } from "./start_budget.ts";
import { type FleetStore, Saver } from "./store.ts";
import { pairings, promoted, sameTemplate, succeeded } from "./succession.ts";
import { type MemberEvent, transition } from "./transition.ts";
import { type Condition, Waiters } from "./waiters.ts";

/** What a fleet is made of. */
export interface FleetOptions {
  readonly engine: Engine;
  readonly dataPlane: DataPlane;
  readonly shape: RingShape;
  readonly policy: FleetPolicy;
  /** How many replicas there are to be at first; more are kept where more exist already. */
  readonly desired: number;
  /** The most replicas that the ring has room for. */
  readonly limit: number;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly store: FleetStore;
  readonly log: Logger;
  readonly failures: FailureLog;
}

/** Keeps the desired replicas alive. */
export class Fleet {
  /** What happened to the fleet, for whoever listens. */
  readonly journal = new Journal();
  readonly #options: FleetOptions;
  readonly #roster: Roster;
  readonly #queue: (() => void)[] = [];
  readonly #waiters = new Waiters();
  readonly #link: EngineLink;
  readonly #actions: ActionRunner;
  readonly #heartbeats: Heartbeats;
  readonly #incidents: Incidents;
  readonly #quarantine: Quarantine;
  readonly #starts: StartBudget;
  readonly #saver: Saver;
  #template: Template = {};
  #view: View;
  #listed = false;
  #working = false;
  #closing = false;
  #closed = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    const { clock, policy } = options;
    this.#view = emptyView(options.shape);
    this.#roster = new Roster(options);
    this.#incidents = new Incidents((incident) =>
      this.journal.add({ type: "incident", at: clock.now(), incident })
    );
    this.#quarantine = new Quarantine(policy);
    this.#starts = new StartBudget(policy.startsPerMinute);
    this.#saver = new Saver(options.store, options.desired, options.failures);
    this.#link = new EngineLink({
      ...options,
      onExit: ({ id, reason }) => this.#post({ type: "exit", id, reason }),
      onListed: (running, remains, askedAt) =>
        this.#enqueue(() => this.#reconcile(running, remains, askedAt)),
      onAway: () => this.#enqueue(() => this.#noteEngine(false)),
    });
    this.#actions = new ActionRunner({
      ...options,
      report: (name, event) => this.#post(event, name),
      onAway: (error) => this.#link.lose(error),
    });
    this.#heartbeats = new Heartbeats({
      ...options,
      member: (name) => this.#roster.get(name),
      report: (name, id, reason) => this.#enqueue(() => this.#onHeartbeat(name, id, reason)),
    });
  }

  /** The view that is published. */
  get view(): View {
    return this.#view;
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

  /** False while the engine cannot be reached. */
  get engineUp(): boolean {
    return this.#link.up;
  }

  /** What new instances run, where that differs from the settings. */
  get template(): Template {
    return this.#template;
  }

  get incidents(): Incidents {
    return this.#incidents;
  }

  get quarantine(): Quarantine {
    return this.#quarantine;
  }

  /**
   * Takes over what runs already and starts what is missing, as soon as the engine answers.
   *
   * @throws {StoreError} what was kept of the fleet cannot be read
   */
  async open(): Promise<void> {
    const saved = await this.#saver.load();
    if (saved) this.#template = saved.template;
    await this.#link.reach();
  }

  /** What the data plane noticed. */
  observe(evidence: Evidence): void {
    const { name, instance: id, kind, fresh, key } = evidence;
    this.#options.log.debug("{name}: connection {kind}", { name, kind, instance: id });
    const now = this.#options.clock.now();
    if (kind !== "slow") this.#quarantine.note(id, key, now);
    this.#incidents.evidence(evidence, now);
    this.#post({ type: "evidence", id, kind, fresh });
    this.#heartbeats.hurry(id);
  }

  /** What became of the requests that a failure touched. */
  count(tolls: readonly Toll[]): void {
    this.#incidents.count(tolls, this.#options.clock.now());
  }

  /** Every worker of the data plane routes by this version of the view, or a later one. */
  applied(version: number): void {
    this.#incidents.applied(version, this.#options.clock.now());
  }

  /** An instance answers worse than the others; it is replaced where enough others are ready. */
  reject(id: string, reason: string): void {
    this.#enqueue(() => {
      if (this.#mayEject()) this.#route({ type: "outlier", id, reason });
    });
  }

  /** Makes replicas known that are not in the ring yet, and starts them. */
  enlist(names: readonly string[]): void {
    this.#enqueue(() => names.forEach((name) => this.#admit({ name })));
  }

  /** Gives replicas their slots, all of them in one change of the view. */
  join(names: readonly string[]): void {
    this.#enqueue(() => names.forEach((name) => this.#move(name, { type: "join" })));
  }

  /** Takes replicas out of the ring, all in one change of the view; they drain and end. */
  dismiss(names: readonly string[]): void {
    this.#enqueue(() => names.forEach((name) => this.#move(name, { type: "leave" })));
  }

  /**
   * Starts an instance that is to take over from a replica, under {@linkcode successorName}.
   *
   * @param name the replica
   * @param template what the instance runs
   */
  prepareSuccessor(name: string, template: Template): void {
    this.#enqueue(() => this.#admit({ name: successorName(name), succeeds: name, template }));
  }

  /** Has the successor, which is ready, take over from the replica, which drains and ends. */
  succeed(name: string): void {
    this.#enqueue(() => {
      const [target, successor] = [this.#roster.get(name), this.#roster.get(successorName(name))];
      if (!target || successor?.phase !== "ready") return;
      const { clock, policy } = this.#options;
      this.#roster.delete(successor.name);
      this.#change(target, succeeded(target, successor, clock.now(), policy));
    });
  }

  /** What replicas and spares that are new from now on run. Spares that run another are replaced. */
  adoptTemplate(template: Template): void {
    this.#enqueue(() => {
      this.#template = template;
      for (const spare of this.spares) {
        if (!sameTemplate(spare.template, template)) this.#move(spare.name, { type: "leave" });
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
    this.#enqueue(() => {});
    return reached;
  }

  /** Waits until what the fleet is to be is kept for the balancer's next life. */
  saved(): Promise<void> {
    return this.#saver.done();
  }

  /** Stops every instance that is ours to stop, then lets go of the engine. */
  async close(): Promise<void> {
    if (this.#options.policy.replaces && this.#link.up) {
      this.#closing = true;
      this.dismiss(this.#roster.all.map(({ name }) => name));
      await this.until((members) => members.size === 0 || !this.#link.up);
    }
    await this.abandon();
  }

  /** Lets go of the engine and leaves the instances as they are. */
  async abandon(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#heartbeats.close();
    this.#link.close();
    await this.#saver.done();
    await this.#options.engine.close();
  }

  #admit(admission: Admission): void {
    this.#roster.admit({ template: this.#template, ...admission });
  }

  #post(event: MemberEvent, name?: string): void {
    this.#enqueue(() => this.#route(event, name));
  }

  /** Work is done one piece at a time, however it came in: this is the one writer. */
  #enqueue(work: () => void): void {
    if (this.#closed) return;
    this.#queue.push(work);
    if (this.#working) return;
    this.#working = true;
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#do(next);
    this.#working = false;
  }

  /** One fault must not stop all healing: what follows is done all the same. */
  #do(work: () => void): void {
    try {
      work();
      this.#settle();
    } catch (error) {
      this.#options.failures.record("fleet.step", error);
    }
  }

  /** An instance may have got another name meanwhile: its events find it by its id. */
  #route(event: MemberEvent, name?: string): void {
    const id = "id" in event ? event.id : undefined;
    const member = id === undefined ? undefined : this.#roster.byInstance(id);
    if (event.type === "exit" && !member) return this.#roster.noteExit(event.id, event.reason);
    const target = member?.name ?? name;
    if (target === undefined) return;
    this.#move(target, event);
    if (event.type === "started") this.#noteEarlyExit(event.instance.id);
  }

  /** An instance may end before the engine has answered that it started it. */
  #noteEarlyExit(id: string): void {
    const reason = this.#roster.takeExit(id);
    if (reason !== undefined) this.#route({ type: "exit", id, reason });
  }

  #move(name: string, event: MemberEvent): void {
    const { clock, policy } = this.#options;
    const before = this.#roster.get(name);
    if (before) this.#change(before, transition(before, event, clock.now(), policy));
  }

  #change(before: Member, after: Member | undefined): void {
    if (after === before) return;
    if (after) this.#roster.set(after);
    else this.#roster.delete(before.name);
    const now = this.#options.clock.now();
    this.#logChange(before, after);
    if (before.phase !== after?.phase) this.journal.note(before, after, now);
    const died = before.instance && before.instance.id !== after?.instance?.id;
    if (died && !isLeaving(after ?? before)) this.#quarantine.death(before.instance.id, now);
    this.#incidents.changed(before, after, now);
  }

  #logChange(before: Member, after: Member | undefined): void {
    if (before.phase === after?.phase) return;
    const { log } = this.#options;
    const failed = after?.lastError !== undefined && after.lastError !== before.lastError;
    const record = {
      name: before.name,
      from: before.phase,
      to: after?.phase ?? "gone",
      instance: (after?.instance ?? before.instance)?.id,
      ...(failed ? { reason: after.lastError.message } : {}),
    };
    if (failed) log.warn("{name}: {from} -> {to}: {reason}", record);
    else log.info("{name}: {from} -> {to}", record);
  }

  #onHeartbeat(name: string, id: string, reason: string | undefined): void {
    const mayEject = this.#mayEject();
    const outcome = reason === undefined ? {} : { reason };
    this.#route({ type: "probe", id, mayEject, ...outcome }, name);
    const member = this.#roster.get(name);
    if (mayEject || member?.phase !== "ready") return;
    // All seem to fail: what the engine says about them comes first.
    if (member.misses === this.#options.policy.downAfter) this.#link.reach();
  }

  #mayEject(): boolean {
    return this.#roster.mayEject(this.#view.ready.size);
  }

  /** Publish first, act second: nobody is sent to an instance that is about to be stopped. */
  #settle(): void {
    const now = this.#options.clock.now();
    this.#roster.keepSpares(this.#listed && !this.#closing, this.#template);
    do this.#publish(now); while (this.#promote(now) + this.#act(now) > 0);
    this.#heartbeats.tend(this.#roster.all);
    this.#setTimer(now);
    if (this.#listed && !this.#closing) this.#saver.save(this.#wanted(), this.#template);
    this.#waiters.wake(this.#roster.byName);
  }

  #wanted(): string[] {
    return this.members.filter(inRing).map(({ name }) => name);
  }

  #publish(now: number): void {
    const { dataPlane, shape, policy } = this.#options;
    const view = nextView(this.#view, {
      members: this.members,
      shape,
      awaits: policy.replaces && this.#link.up,
      quarantined: this.#quarantine.keys(now),
      now,
    });
    if (view === this.#view) return;
    this.#view = view;
    dataPlane.publish(view);
    this.#incidents.published(view.version, now);
    const { version, ready, awaited } = view;
    this.journal.add({
      type: "view",
      at: now,
      version,
      ready: [...ready.keys()],
      awaited: [...awaited],
    });
  }

  /** @returns how many spares stood in */
  #promote(now: number): number {
    if (!this.#link.up || this.#closing) return 0;
    const pairs = pairings(this.#roster.all, now).slice(0, this.#starts.left(now));
    for (const pair of pairs) {
      this.#starts.spend(now);
      this.#roster.delete(pair.spare.name);
      this.#change(pair.target, promoted(pair, now, this.#options.policy));
    }
    if (pairs.length > 0) this.#roster.keepSpares(true, this.#template);
    return pairs.length;
  }

  /** @returns how many actions were set going */
  #act(now: number): number {
    const means = { engineUp: this.#link.up, starts: this.#starts.left(now) };
    const actions = plan(this.#roster.all, now, this.#options.policy, means);
    for (const action of actions) this.#setGoing(action, now);
    return actions.length;
  }

  #setGoing(action: Action, now: number): void {
    const member = this.#roster.get(action.name);
    switch (action.type) {
      case "replace":
        return this.#move(action.name, action);
      case "start":
        if (member && isRestart(member)) this.#starts.spend(now);
        this.#incidents.creating(action.name, now);
        this.#move(action.name, { type: "starting" });
        break;
      case "rename":
        this.#move(action.name, { type: "renaming", id: action.id });
        break;
      default:
        this.#move(action.name, { type: "clearing", id: action.id });
    }
    this.#actions.run(action);
  }

  /** Makes the members agree with what the engine said was there when it was asked. */
  #reconcile(running: readonly Instance[], remains: readonly Remains[], askedAt: number): void {
    this.#noteEngine(true);
    if (!this.#listed) {
      for (const admission of this.#roster.muster(running, remains, this.#saver.loaded)) {
        this.#admit(admission);
      }
    }
    this.#listed = true;
    for (const id of this.#roster.missing(running, askedAt)) {
      this.#route({ type: "exit", id, reason: "gone when the engine was asked" });
    }
    for (const instance of running) this.#claim(instance);
    for (const one of remains) if (this.#roster.isUnknown(one)) this.#stopStray(one);
  }

  /** An instance of ours that runs: known already, taken over, or one too many. */
  #claim(instance: Instance): void {
    const member = this.#roster.get(instance.name);
    if (member?.busy || this.#roster.byInstance(instance.id)) return;
    if (member?.phase === "waiting" && member.spare === instance.spare) {
      this.#options.log.info("{name}: took over {id}", { ...instance });
      this.#move(instance.name, { type: "started", instance });
    } else {
      this.#stopStray(instance);
    }
  }

  async #stopStray(stray: Remains): Promise<void> {
    const { engine, policy, log, failures } = this.#options;
    log.warn("{name}: nobody wants {id}; removing it", { name: stray.name, id: stray.id });
    try {
      await engine.stop(stray.id, policy.stopGraceMs);
    } catch (error) {
      failures.record("engine.stop", error);
    }
  }

  #noteEngine(up: boolean): void {
    this.journal.add({ type: "engine", at: this.#options.clock.now(), up });
  }

  #setTimer(now: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const deadline = Math.min(
      nextDeadline(this.#roster.all, now, this.#options.policy),
      this.#starts.nextAt(now),
      this.#quarantine.nextDeadline,
    );
    if (deadline === Infinity) return;
    this.#cancelTimer = this.#options.clock.after(deadline - now, () => {
      this.#enqueue(() =>
        this.#roster.all.forEach(({ name }) => this.#move(name, { type: "tick" }))
      );
    });
  }
}

/** The name of the instance that is to take over from a replica; no replica can have such a one. */
export function successorName(name: string): string {
  return `${name}.next`;
}
