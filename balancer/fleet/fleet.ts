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
import type { Engine, Instance } from "../engine/engine.ts";
import type { FailureLog } from "../failures.ts";
import type { DataPlane, Evidence, View } from "../view.ts";
import { ActionRunner } from "./action_runner.ts";
import type { Clock } from "./clock.ts";
import { EngineLink } from "./engine_link.ts";
import { Heartbeats } from "./heartbeats.ts";
import { type Member, newMember } from "./member.ts";
import { nextDeadline, plan } from "./plan.ts";
import type { FleetPolicy } from "./policy.ts";
import type { Probe } from "./probe.ts";
import { emptyView, nextView, type RingShape } from "./snapshot.ts";
import { type MemberEvent, transition } from "./transition.ts";
import { type Condition, Waiters } from "./waiters.ts";

/** What a fleet is made of. */
export interface FleetOptions {
  readonly engine: Engine;
  readonly dataPlane: DataPlane;
  readonly shape: RingShape;
  readonly policy: FleetPolicy;
  /** How many replicas there are to be at first; more are kept where more run already. */
  readonly desired: number;
  /** The most replicas that the ring has room for. */
  readonly limit: number;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly log: Logger;
  readonly failures: FailureLog;
}

/** Keeps the desired replicas alive. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #members = new Map<string, Member>();
  readonly #queue: (() => void)[] = [];
  readonly #waiters = new Waiters();
  readonly #link: EngineLink;
  readonly #actions: ActionRunner;
  readonly #heartbeats: Heartbeats;
  #view: View;
  #listed = false;
  #working = false;
  #closed = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#view = emptyView(options.shape);
    this.#link = new EngineLink({
      ...options,
      onExit: ({ name, id, reason }) => this.#post(name, { type: "exit", id, reason }),
      onListed: (running, askedAt) => this.#enqueue(() => this.#reconcile(running, askedAt)),
      onAway: () => this.#enqueue(() => {}),
    });
    this.#actions = new ActionRunner({
      ...options,
      report: (name, event) => this.#post(name, event),
      onAway: (error) => this.#link.lose(error),
    });
    this.#heartbeats = new Heartbeats({
      ...options,
      member: (name) => this.#members.get(name),
      report: (name, id, reason) => this.#post(name, probeEvent(id, reason)),
    });
  }

  /** The view that is published. */
  get view(): View {
    return this.#view;
  }

  /** Every replica, desired or on its way out, in the order in which they joined. */
  get members(): readonly Member[] {
    return [...this.#members.values()];
  }

  /** How many replicas there are to be. */
  get desired(): number {
    return this.#listed ? this.members.filter((m) => !m.leaving).length : this.#options.desired;
  }

  /** False while the engine cannot be reached. */
  get engineUp(): boolean {
    return this.#link.up;
  }

  /** Takes over what runs already and starts what is missing, as soon as the engine answers. */
  open(): Promise<void> {
    return this.#link.reach();
  }

  /** What the data plane noticed. */
  observe(evidence: Evidence): void {
    const { name, instance: id, kind, fresh } = evidence;
    if (!fresh) return;
    this.#options.log.debug("{name}: connection {kind}", { name, kind, instance: id });
    if (kind !== "slow") this.#post(name, { type: "evidence", id, kind });
    this.#heartbeats.hurry(id);
  }

  /** Makes replicas known that are not in the ring yet, and starts them. */
  enlist(names: readonly string[]): void {
    this.#enqueue(() => names.forEach((name) => this.#admit(name, false)));
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
   * Waits for the members to come to a state.
   *
   * @param condition asked now and after every event; what it throws is what the wait ends with
   */
  until(condition: Condition): Promise<void> {
    const reached = this.#waiters.add(condition);
    this.#enqueue(() => {});
    return reached;
  }

  /** Stops every instance that is ours to stop, then lets go of the engine. */
  async close(): Promise<void> {
    if (this.#options.policy.replaces && this.#link.up) {
      this.dismiss([...this.#members.keys()]);
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
    await this.#options.engine.close();
  }

  #admit(name: string, joined: boolean): void {
    if (!this.#members.has(name)) {
      this.#members.set(name, newMember(name, joined, this.#options.clock.now()));
    }
  }

  #post(name: string, event: MemberEvent): void {
    this.#enqueue(() => this.#move(name, event));
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

  #move(name: string, event: MemberEvent): void {
    const { clock, policy } = this.#options;
    const before = this.#members.get(name);
    if (!before) return;
    const after = transition(before, event, clock.now(), policy);
    if (after) this.#members.set(name, after);
    else this.#members.delete(name);
    this.#logChange(before, after);
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

  /** Publish first, act second: nobody is sent to an instance that is about to be stopped. */
  #settle(): void {
    const { clock, policy, dataPlane, shape } = this.#options;
    const now = clock.now();
    const view = nextView(this.#view, this.members, shape);
    if (view !== this.#view) {
      this.#view = view;
      dataPlane.publish(view);
    }
    for (const action of plan(this.#members.values(), now, policy, this.#link.up)) {
      this.#move(action.name, { type: "issued", action: action.type });
      this.#actions.run(action);
    }
    this.#heartbeats.tend(this.#members.values());
    this.#setTimer(now);
    this.#waiters.wake(this.#members);
  }

  /** Makes the members agree with what the engine said was running when it was asked. */
  #reconcile(running: readonly Instance[], askedAt: number): void {
    if (!this.#listed) this.#muster(running);
    this.#listed = true;
    const ids = new Set(running.map((instance) => instance.id));
    for (const { name, instance, since } of this.members) {
      // What moved after the question may be newer than the answer.
      if (instance && since < askedAt && !ids.has(instance.id)) {
        this.#move(name, {
          type: "exit",
          id: instance.id,
          reason: "gone when the engine was asked",
        });
      }
    }
    for (const instance of running) this.#claim(instance);
  }

  /** The first members: whoever runs already, filled up to the desired number. */
  #muster(running: readonly Instance[]): void {
    const { desired, limit, policy } = this.#options;
    const names = new Set(running.map((instance) => instance.name));
    if (policy.replaces) {
      for (let k = 1; names.size < desired; k++) names.add(`Server${k}`);
    }
    // More may run than there is room for, where the settings were changed in between.
    for (const name of [...names].sort(byNumber).slice(0, limit)) this.#admit(name, true);
  }

  /** An instance of ours that runs: known already, taken over, or one too many. */
  #claim(instance: Instance): void {
    const member = this.#members.get(instance.name);
    if (member?.busy || member?.instance?.id === instance.id) return;
    if (member?.phase === "waiting") {
      this.#options.log.info("{name}: took over {id}", { ...instance });
      this.#move(instance.name, { type: "started", instance });
    } else {
      this.#stopStray(instance);
    }
  }

  async #stopStray(instance: Instance): Promise<void> {
    const { engine, policy, log, failures } = this.#options;
    log.warn("{name}: {id} runs and nobody wants it; stopping it", { ...instance });
    try {
      await engine.stop(instance.id, policy.stopGraceMs);
    } catch (error) {
      failures.record("engine.stop", error);
    }
  }

  #setTimer(now: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const deadline = nextDeadline(this.#members.values(), now, this.#options.policy);
    if (deadline === Infinity) return;
    this.#cancelTimer = this.#options.clock.after(deadline - now, () => {
      this.#enqueue(() => {
        for (const name of [...this.#members.keys()]) this.#move(name, { type: "tick" });
      });
    });
  }
}

function probeEvent(id: string, reason: string | undefined): MemberEvent {
  return reason === undefined ? { type: "probe", id } : { type: "probe", id, reason };
}

/** `Server2` before `Server10`, and before names without a number. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
