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
import type { Engine, Template } from "../engine/engine.ts";
import type { FailureLog } from "../failures.ts";
import type { DataPlane, Evidence, Sample, Toll, View } from "../view.ts";
import { ActionRunner } from "./action_runner.ts";
import { Census, type Finding } from "./census.ts";
import type { Clock } from "./clock.ts";
import { EngineLink } from "./engine_link.ts";
import { Heartbeats } from "./heartbeats.ts";
import { Incidents } from "./incidents.ts";
import { Journal } from "./journal.ts";
import { Keeper } from "./keeper.ts";
import { Ledger } from "./ledger.ts";
import { type Admission, inRing, isLeaving, isReplica, type Member } from "./member.ts";
import type { FleetPolicy } from "./policy.ts";
import type { Miss, Probe } from "./probe.ts";
import { Outliers } from "./outliers.ts";
import { Quarantine } from "./quarantine.ts";
import { Roster } from "./roster.ts";
import type { RingShape } from "./snapshot.ts";
import { type FleetStore, Saver } from "./store.ts";
import { sameTemplate, succeeded } from "./succession.ts";
import type { MemberEvent } from "./transition.ts";
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

/** An incident that is over is told of after this time, in milliseconds. */
const TOLLS_MS = 200;

/** Keeps the desired replicas alive. */
export class Fleet {
  /** What happened to the fleet, for whoever listens. */
  readonly journal = new Journal();
  /** The failures of its replicas. */
  readonly incidents: Incidents;
  /** The request keys that replicas died of. */
  readonly quarantine: Quarantine;
  readonly #options: FleetOptions;
  readonly #roster: Roster;
  readonly #ledger: Ledger;
  readonly #keeper: Keeper;
  readonly #census: Census;
  readonly #outliers = new Outliers();
  readonly #queue: (() => void)[] = [];
  readonly #waiters = new Waiters();
  readonly #link: EngineLink;
  readonly #heartbeats: Heartbeats;
  readonly #saver: Saver;
  #template: Template = {};
  #listed = false;
  #working = false;
  #closing = false;
  #closed = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    const { clock, policy } = options;
    const { journal } = this;
    const incidents = this.incidents = new Incidents(({ id }) => {
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
    this.#census = new Census({ ...options, roster, ledger });
    this.#saver = new Saver(options.store, options.desired, options.failures);
    this.#link = new EngineLink({
      ...options,
      onExit: ({ id, reason }) => this.#post({ type: "exit", id, reason }),
      onListed: (finding) => this.#enqueue(() => this.#reconcile(finding)),
      onAway: () => this.#enqueue(() => this.#noteEngine(false)),
    });
    const actions = new ActionRunner({
      ...options,
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
      report: (name, id, miss) => this.#enqueue(() => this.#onHeartbeat(name, id, miss)),
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

  /** False while the engine cannot be reached. */
  get engineUp(): boolean {
    return this.#link.up;
  }

  /** What new instances run, where that differs from the settings. */
  get template(): Template {
    return this.#template;
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
    if (kind === "reset" || kind === "timeout") this.quarantine.note(id, key, now);
    this.incidents.evidence(evidence, now);
    this.#post({ type: "evidence", id, kind, fresh });
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
    this.#enqueue(() => {
      const ready = Array.from(this.view.ready.values(), ({ instance }) => instance);
      for (const { instance: id, reason } of this.#outliers.find(ready)) {
        if (this.#roster.mayEject()) this.#ledger.route({ type: "outlier", id, reason });
      }
    });
  }

  /** Makes replicas known that are not in the ring yet, and starts them. */
  enlist(names: readonly string[]): void {
    this.#enqueue(() => names.forEach((name) => this.#admit({ name })));
  }

  /** Gives replicas their slots, all of them in one change of the view. */
  join(names: readonly string[]): void {
    this.#enqueue(() => names.forEach((name) => this.#ledger.move(name, { type: "join" })));
  }

  /** Takes replicas out of the ring, all in one change of the view; they drain and end. */
  dismiss(names: readonly string[]): void {
    this.#enqueue(() => names.forEach((name) => this.#ledger.move(name, { type: "leave" })));
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
      this.#ledger.change(target, succeeded(target, successor, clock.now(), policy));
    });
  }

  /** Takes a successor away that did not become ready, and gives its name back. */
  async giveUpSuccessor(name: string): Promise<void> {
    const successor = successorName(name);
    this.dismiss([successor]);
    await this.until((members) => !members.has(successor));
    this.#enqueue(() => this.#ledger.move(name, { type: "misnamed" }));
  }

  /** What replicas and spares that are new from now on run. Spares that run another are replaced. */
  adoptTemplate(template: Template): void {
    this.#enqueue(() => {
      this.#template = template;
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
    this.#enqueue(() => this.#ledger.route(event, name));
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

  #onHeartbeat(name: string, id: string, miss: Miss | undefined): void {
    // Nobody listens there any more: that is proof, and no missed heartbeat among others.
    if (miss?.refused && this.#roster.get(name)?.phase === "ready") {
      return this.#ledger.route({ type: "evidence", id, kind: "refused", fresh: true });
    }
    const mayEject = this.#roster.mayEject();
    const outcome = miss ? { reason: miss.reason } : {};
    this.#ledger.route({ type: "probe", id, mayEject, ...outcome }, name);
    const member = this.#roster.get(name);
    if (mayEject || member?.phase !== "ready") return;
    // All seem to fail: what the engine says about them comes first.
    if (member.misses === this.#options.policy.downAfter) this.#link.reach();
  }

  #settle(): void {
    const now = this.#options.clock.now();
    const present = this.#listed && !this.#closing;
    const wishes = { engineUp: this.#link.up, spares: present, template: this.#template };
    this.#keeper.settle(wishes, now);
    this.#heartbeats.tend(this.#roster.all);
    this.#setTimer(now);
    if (present) this.#saver.save(this.members.filter(inRing).map(nameOf), this.#template);
    this.#waiters.wake(this.#roster.byName);
  }

  #reconcile(finding: Finding): void {
    this.#noteEngine(true);
    if (!this.#listed) {
      const { running, remains } = finding;
      const first = this.#roster.muster(running, remains, this.#saver.loaded);
      for (const admission of first) this.#admit(admission);
    }
    this.#listed = true;
    this.#census.take(finding);
  }

  #setTimer(now: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const deadline = this.#keeper.nextDeadline(now);
    if (deadline === Infinity) return;
    this.#cancelTimer = this.#options.clock.after(deadline - now, () => {
      this.#enqueue(() => {
        for (const { name } of this.#roster.all) this.#ledger.move(name, { type: "tick" });
      });
    });
  }

  #noteEngine(up: boolean): void {
    this.journal.add({ type: "engine", at: this.#options.clock.now(), up });
  }
}

function nameOf({ name }: Member): string {
  return name;
}

/** The name of the instance that is to take over from a replica; no replica can have such a one. */
export function successorName(name: string): string {
  return `${name}.next`;
}
