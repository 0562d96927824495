/**
 * The parts of a fleet and the callbacks between them.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import type { Engine, Template } from "../engine/engine.ts";
import type { FailureLog } from "../failures.ts";
import type { GivenUpstream } from "../upstream_list.ts";
import type { DataPlane } from "../view.ts";
import { Heartbeats } from "./health/heartbeats.ts";
import { PoisonKeys } from "./health/poison_keys.ts";
import type { Probe } from "./health/probe.ts";
import { EventLog } from "./incidents/event_log.ts";
import { Incidents } from "./incidents/incidents.ts";
import { inRing, isReplica, type Member } from "./member/member.ts";
import type { FleetPolicy } from "./member/policy.ts";
import type { MemberEvent } from "./member/transition.ts";
import { ActionRunner } from "./reconcile/action_runner.ts";
import { Changes } from "./reconcile/changes.ts";
import { type Condition, Conditions } from "./reconcile/conditions.ts";
import { Dispatcher } from "./reconcile/dispatcher.ts";
import { EngineMonitor } from "./reconcile/engine_monitor.ts";
import { EventQueue } from "./reconcile/event_queue.ts";
import { Inventory } from "./reconcile/inventory.ts";
import { Pinning } from "./reconcile/pinning.ts";
import { Reconciler } from "./reconcile/reconciler.ts";
import { Removals } from "./reconcile/removals.ts";
import { Rollout } from "./reconcile/rollout.ts";
import { type EngineListing, Roster } from "./reconcile/roster.ts";
import { Signals, type SignalsOptions } from "./reconcile/signals.ts";
import type { RingShape, RingSpec } from "./spec/ring_spec.ts";
import { DesiredState } from "./store/desired_state.ts";
import type { FleetStore } from "./store/store.ts";

/** Dependencies and settings of a {@linkcode Fleet}. */
export interface FleetOptions {
  readonly engine: Engine;
  readonly dataPlane: DataPlane;
  /** Ring shape of the settings; a saved change of the shape overrides it. */
  readonly shape: RingShape;
  readonly policy: FleetPolicy;
  /** Upstreams of the settings, if the balancer does not run the instances itself. */
  readonly upstreams?: readonly GivenUpstream[];
  /** Number of replicas on the first start. */
  readonly desired: number;
  /** Upper bound on the number of replicas, in addition to the ring's own capacity. */
  readonly limit: number;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly store: FleetStore;
  /** Template of the settings, if the engine runs the instances. */
  readonly settings?: Template;
  readonly log: Logger;
  readonly failures: FailureLog;
}

/** Creates the parts of a fleet and connects them. */
export class FleetParts {
  readonly eventLog: EventLog;
  readonly incidents: Incidents;
  readonly poisonKeys: PoisonKeys;
  readonly queue: EventQueue;
  readonly conditions = new Conditions();
  readonly desiredState: DesiredState;
  readonly roster: Roster;
  readonly dispatcher: Dispatcher;
  readonly removals: Removals;
  readonly inventory: Inventory;
  readonly changes: Changes;
  readonly rollout: Rollout;
  readonly engineMonitor: EngineMonitor;
  readonly reconciler: Reconciler;
  readonly heartbeats: Heartbeats;
  readonly signals: Signals;
  readonly #clock: Clock;
  readonly #pinning: Pinning;

  /**
   * @param options dependencies and settings of the fleet
   * @param settle runs after each step of the writer
   */
  constructor(options: FleetOptions, settle: () => void) {
    const { engine, dataPlane, shape, policy, upstreams, desired, limit } = options;
    const { probe, clock, store, settings, log, failures } = options;
    this.#clock = clock;
    const eventLog = this.eventLog = new EventLog(clock);
    const poisonKeys = this.poisonKeys = new PoisonKeys(policy);
    const incidents = this.incidents = Incidents.of(eventLog, clock);
    eventLog.subscribe((event) => poisonKeys.handle(event));
    eventLog.subscribe((event) => incidents.handle(event));
    const queue = this.queue = new EventQueue({ settle, failures });
    const saved = { ...(settings && { settings }), ...(upstreams && { upstreams }) };
    const desiredState = new DesiredState({ store, desired, shape, log, ...saved });
    this.desiredState = desiredState;
    const roster = this.roster = new Roster({ clock, policy, desired, limit, log });
    const dispatcher = new Dispatcher({ roster, policy, clock, log, eventLog });
    this.dispatcher = dispatcher;
    const removals = this.removals = new Removals({ engine, clock, log, failures });
    this.inventory = new Inventory({ removals, roster, dispatcher, desiredState, policy, log });
    const ringSpec = () => this.ringSpec;
    const writer = { queue, roster, dispatcher, clock };
    this.changes = new Changes({ ...writer, desiredState, engine, failures, ringSpec });
    this.rollout = new Rollout({ ...writer, policy, until: (condition) => this.until(condition) });
    const save = () => void this.changes.saveInitial();
    this.#pinning = new Pinning({ roster, desiredState, save });
    this.engineMonitor = this.#monitor({ engine, clock, log, failures });
    const actions = new ActionRunner({
      engine,
      dataPlane,
      removals,
      log,
      failures,
      report: (name, event) => this.#post(event, name),
      onDown: (error) => this.engineMonitor.markDown(error),
    });
    const published = { dataPlane, shape, eventLog, poisonKeys };
    this.reconciler = new Reconciler({ roster, dispatcher, policy, actions, ...published });
    this.heartbeats = this.#probe({ policy, probe, clock, failures });
    this.signals = this.#receive({ ...writer, eventLog, policy, log });
  }

  /** Desired weights, in the order in which the replicas joined, and shape of the ring. */
  get ringSpec(): RingSpec {
    const replicas = this.members.filter(inRing).map(({ name, weight }) => [name, weight] as const);
    return { weights: new Map(replicas), shape: this.desiredState.shape };
  }

  /** Every replica, including those that leave, in the order in which they joined. */
  get members(): readonly Member[] {
    return this.roster.all.filter(isReplica);
  }

  /** Waits until the members fulfil a condition; see `Fleet.until`. */
  until(condition: Condition): Promise<void> {
    const reached = this.conditions.add(condition);
    this.queue.run(() => {});
    return reached;
  }

  #monitor(options: Pick<FleetOptions, "engine" | "clock" | "log" | "failures">): EngineMonitor {
    return new EngineMonitor({
      ...options,
      onExit: ({ id, reason }) => this.#post({ type: "exit", id, reason }),
      onHealth: ({ id, reason }) => this.signals.health(id, reason),
      onListed: (listing) => this.queue.run(() => this.#onListed(listing)),
      onDown: () => this.queue.run(() => this.#logEngine(false)),
    });
  }

  #probe(options: Pick<FleetOptions, "policy" | "probe" | "clock" | "failures">): Heartbeats {
    return new Heartbeats({
      ...options,
      member: (name) => this.roster.get(name),
      report: (name, id, miss) => this.signals.heartbeat(name, id, miss),
    });
  }

  #receive(options: Omit<SignalsOptions, "readyInstances" | "probeNow" | "askEngine">): Signals {
    const ready = () => this.reconciler.view.ready.values();
    return new Signals({
      ...options,
      readyInstances: () => Array.from(ready(), ({ instance }) => instance),
      probeNow: (instance) => this.heartbeats.probeNow(instance),
      askEngine: () => void this.engineMonitor.connect(),
    });
  }

  #post(event: MemberEvent, name?: string): void {
    this.queue.run(() => {
      this.dispatcher.dispatch(event, name);
      if (event.type === "started") this.#pinning.note(event.instance);
    });
  }

  #onListed(listing: EngineListing): void {
    this.#logEngine(true);
    if (this.inventory.take(listing)) void this.changes.saveInitial();
  }

  #logEngine(up: boolean): void {
    this.eventLog.add({ type: "engine", at: this.#clock.now(), up });
  }
}
