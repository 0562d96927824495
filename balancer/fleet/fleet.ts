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
import { type Engine, EngineError, type Instance } from "../engine/engine.ts";
import { errorMessage, type FailureLog } from "../failures.ts";
import type { DataPlane, Evidence, View } from "../view.ts";
import type { Clock } from "./clock.ts";
import { EngineLink } from "./engine_link.ts";
import { Heartbeats } from "./heartbeats.ts";
import { type Member, newMember } from "./member.ts";
import { type Action, nextDeadline, plan } from "./plan.ts";
import type { FleetPolicy } from "./policy.ts";
import type { Probe } from "./probe.ts";
import { emptyView, nextView, type RingShape } from "./snapshot.ts";
import { type MemberEvent, transition } from "./transition.ts";

/** What a fleet is made of. */
export interface FleetOptions {
  readonly engine: Engine;
  readonly dataPlane: DataPlane;
  readonly shape: RingShape;
  readonly policy: FleetPolicy;
  /** How many replicas there are to be at first; more are kept where more run already. */
  readonly desired: number;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly log: Logger;
  readonly failures: FailureLog;
}

/** Something that a caller waits for the fleet to come to. */
interface Waiter {
  /** Looks at the members and answers whether the wait is over; what it throws ends it too. */
  readonly done: (members: ReadonlyMap<string, Member>) => boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Keeps the desired replicas alive. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #members = new Map<string, Member>();
  readonly #queue: (() => void)[] = [];
  readonly #waiters = new Set<Waiter>();
  readonly #link: EngineLink;
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
    const { name, instance: id, kind } = evidence;
    this.#options.log.debug("{name}: connection {kind}", { name, kind, instance: id });
    this.#post(name, { type: "evidence", id, kind });
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
   * @param done called now and after every event; what it throws is what the wait ends with
   */
  until(done: Waiter["done"]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.add({ done, resolve, reject });
    this.#enqueue(() => {});
    return promise;
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
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      next();
      this.#settle();
    }
    this.#working = false;
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
    const failed = after?.phase === "down" || after?.lastError !== before.lastError;
    const record = {
      name: before.name,
      from: before.phase,
      to: after?.phase ?? "gone",
      instance: (after?.instance ?? before.instance)?.id,
      ...(failed && after?.lastError ? { reason: after.lastError.message } : {}),
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
      this.#carryOut(action);
    }
    this.#heartbeats.tend(this.#members.values());
    this.#setTimer(now);
    this.#wakeWaiters();
  }

  async #carryOut(action: Action): Promise<void> {
    const { name } = action;
    try {
      this.#post(name, await this.#outcome(action));
    } catch (error) {
      this.#options.failures.record(`engine.${action.type}`, error);
      const kind = error instanceof EngineError ? error.kind : "failed";
      const message = errorMessage(error);
      if (kind === "away") this.#link.lose(error as EngineError);
      this.#post(
        name,
        action.type === "start"
          ? { type: "start-failed", message, kind }
          : { type: "stop-failed", id: action.id, message },
      );
    }
  }

  async #outcome(action: Action): Promise<MemberEvent> {
    const { engine, dataPlane, log } = this.#options;
    switch (action.type) {
      case "start":
        return { type: "started", instance: await engine.start(action.name) };
      case "stop":
        await engine.stop(action.id, action.graceMs);
        return { type: "stopped", id: action.id };
      case "drain": {
        const idle = await dataPlane.idle(action.id, action.deadlineMs);
        if (!idle) log.warn("{name}: requests still run at the end of its drain", { ...action });
        return { type: "drained", id: action.id };
      }
    }
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
    const names = new Set(running.map((instance) => instance.name));
    if (this.#options.policy.replaces) {
      for (let k = 1; names.size < this.#options.desired; k++) names.add(`Server${k}`);
    }
    for (const name of [...names].sort(byNumber)) this.#admit(name, true);
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

  #wakeWaiters(): void {
    for (const waiter of this.#waiters) {
      try {
        if (!waiter.done(this.#members)) continue;
        waiter.resolve();
      } catch (error) {
        waiter.reject(error);
      }
      this.#waiters.delete(waiter);
    }
  }
}

function probeEvent(id: string, reason: string | undefined): MemberEvent {
  return reason === undefined ? { type: "probe", id } : { type: "probe", id, reason };
}

/** `Server2` before `Server10`, and before names without a number. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
