/**
 * The parts of a fleet and the callbacks between them.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Clock } from "../clock.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Engine, Template } from "../engine/engine.ts";
import type { FailureLog } from "../failures.ts";
import type { GivenUpstream } from "../upstream_list.ts";
import type { DataPlane, MaintenanceState } from "../view.ts";
import { Heartbeats } from "./health/heartbeats.ts";
import { PoisonKeys } from "./health/poison_keys.ts";
import type { Probe } from "./health/probe.ts";
import { EventLog } from "./incidents/event_log.ts";
import { Incidents } from "./incidents/incidents.ts";
import { inRing, isReplica, type Member } from "./member/member.ts";
import type { FleetPolicy } from "./member/policy.ts";
import type { MemberEvent } from "./member/transition.ts";
import { ActionRunner } from "./reconcile/action_runner.ts";
import { type Changes, type ChangesOptions, OwnChanges } from "./reconcile/changes.ts";
import { type Condition, Conditions } from "./reconcile/conditions.ts";
import { Dispatcher } from "./reconcile/dispatcher.ts";
import { EngineMonitor } from "./reconcile/engine_monitor.ts";
import { EventQueue } from "./reconcile/event_queue.ts";
import { Inventory } from "./reconcile/inventory.ts";
import { PeerEvidence } from "./reconcile/peer_evidence.ts";
import { Pinning } from "./reconcile/pinning.ts";
import { Reconciler } from "./reconcile/reconciler.ts";
import { Removals } from "./reconcile/removals.ts";
import { Rollout } from "./reconcile/rollout.ts";
import { type EngineListing, Roster } from "./reconcile/roster.ts";
import { SharedChanges } from "./reconcile/shared_changes.ts";
import { SharedFleet } from "./reconcile/shared_fleet.ts";
import { Signals, type SignalsOptions } from "./reconcile/signals.ts";
import { UpstreamList } from "./reconcile/upstream_list.ts";
import type { RingShape, RingSpec } from "./spec/ring_spec.ts";
import { DesiredState } from "./store/desired_state.ts";
import { SharedFleetStore } from "./store/shared_fleet_store.ts";
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
  /** Where the desired state is saved, unless the balancers of a cluster share it. */
  readonly store: FleetStore;
  /** The other balancers of the fleet; undefined if there are none. */
  readonly cluster?: Cluster;
  /** Template of the settings, if the engine runs the instances. */
  readonly settings?: Template;
  /** Called when a maintenance began, changed or ended, by this balancer or another one. */
  readonly onMaintenance?: (state: MaintenanceState | undefined) => void;
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
  readonly shared: SharedFleet | undefined;
  readonly peerEvidence: PeerEvidence | undefined;
  readonly rollout: Rollout;
  readonly engineMonitor: EngineMonitor;
  readonly reconciler: Reconciler;
  readonly heartbeats: Heartbeats;
  readonly signals: Signals;
  readonly #clock: Clock;
  readonly #ownsInstances: boolean;
  readonly #pinning: Pinning;

  /**
   * @param options dependencies and settings of the fleet
   * @param settle runs after each step of the writer
   */
  constructor(options: FleetOptions, settle: () => void) {
    const { engine, dataPlane, shape, policy, upstreams, desired, limit } = options;
    const { probe, clock, settings, log, failures, cluster } = options;
    this.#clock = clock;
    this.#ownsInstances = engine.ownsInstances;
    const eventLog = this.eventLog = new EventLog(clock);
    const poisonKeys = this.poisonKeys = new PoisonKeys(policy);
    const incidents = this.incidents = Incidents.of(eventLog, clock);
    eventLog.subscribe((event) => poisonKeys.handle(event));
    eventLog.subscribe((event) => incidents.handle(event));
    const queue = this.queue = new EventQueue({ settle, failures });
    const saved = { ...(settings && { settings }), ...(upstreams && { upstreams }) };
    const sharedStore = cluster && new SharedFleetStore(cluster.state);
    const store = sharedStore ?? options.store;
    const shares = { store, shared: cluster !== undefined };
    const desiredState = new DesiredState({ ...shares, desired, shape, log, ...saved });
    this.desiredState = desiredState;
    const roster = this.roster = new Roster({ clock, policy, desired, limit, log });
    const onExit = (id: string) => this.shared?.assignments.noteEnd(id);
    const onDoubt = (id: string) => this.peerEvidence?.doubted(id);
    const dispatcher = new Dispatcher({ roster, policy, clock, log, eventLog, onExit, onDoubt });
    this.dispatcher = dispatcher;
    const removals = this.removals = new Removals({ engine, clock, log, failures });
    this.inventory = new Inventory({ removals, roster, dispatcher, desiredState, policy, log });
    const writer = { queue, roster, dispatcher, clock };
    this.shared = cluster && sharedStore && new SharedFleet({
      ...writer,
      cluster,
      store: sharedStore,
      desiredState,
      log,
      failures: cluster.failures,
      view: () => this.reconciler.view,
      list: () => void this.engineMonitor.connect(),
      ownsInstances: engine.ownsInstances,
    });
    this.peerEvidence = cluster && new PeerEvidence({
      ...writer,
      cluster,
      probeNow: (instance) => this.heartbeats.probeNow(instance),
    });
    this.changes = this.#change({ ...writer, desiredState, engine, failures }, cluster);
    this.rollout = new Rollout({ ...writer, policy, until: (condition) => this.until(condition) });
    const save = () => void this.changes.saveInitial();
    this.#pinning = new Pinning({ roster, desiredState, save });
    this.engineMonitor = this.#monitor({ engine, clock, log, failures });
    const actions = new ActionRunner({
      engine,
      dataPlane: this.shared?.drains(dataPlane) ?? dataPlane,
      removals,
      log,
      failures,
      suspectMachines: () => roster.suspectMachines,
      ...(cluster && { known: (name: string) => roster.instancesNamed(name) }),
      report: (name, event) => this.#post(event, name),
      onDown: (error) => this.engineMonitor.markDown(error),
    });
    const published = { dataPlane, shape, eventLog, poisonKeys };
    this.reconciler = new Reconciler({ roster, dispatcher, policy, actions, ...published });
    this.heartbeats = this.#probe({ policy, probe, clock, failures });
    this.signals = this.#receive({ ...writer, eventLog, policy, log });
  }

  /** Whether this balancer starts and stops instances; of several balancers one does. */
  get mayHeal(): boolean {
    return this.shared?.healing.mayHeal ?? true;
  }

  /** Desired weights, in the order in which the replicas joined, and shape of the ring. */
  get ringSpec(): RingSpec {
    const members = inOrder(this.members.filter(inRing), this.desiredState.shared?.names);
    const replicas = members.map(({ name, weight }) => [name, weight] as const);
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

  #change(
    options: Omit<ChangesOptions, "upstreamList" | "ringSpec"> & Pick<FleetOptions, "engine">,
    cluster: Cluster | undefined,
  ): Changes {
    const upstreamList = new UpstreamList(options);
    const ringSpec = () => this.ringSpec;
    if (!cluster) return new OwnChanges({ ...options, upstreamList, ringSpec });
    return new SharedChanges({
      ...options,
      failures: cluster.failures,
      upstreamList,
      ringSpec,
      cluster,
      complete: () => this.inventory.complete,
      mayHeal: () => this.mayHeal,
      onApplied: () => this.shared?.changed(),
    });
  }

  #monitor(options: Pick<FleetOptions, "engine" | "clock" | "log" | "failures">): EngineMonitor {
    return new EngineMonitor({
      ...options,
      onExit: ({ id, reason }) => {
        this.#post({ type: "exit", id, reason });
        this.peerEvidence?.ended(id, reason);
      },
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
    const heals = this.shared?.listed() ?? true;
    // No balancer starts the instances of engine static, so each one takes them all.
    const first = this.inventory.take(listing, heals || !this.#ownsInstances);
    // The first balancer of several creates the state once it heals.
    const creates = this.shared && heals && !this.desiredState.shared;
    if (first || creates) void this.changes.saveInitial();
  }

  #logEngine(up: boolean): void {
    this.eventLog.add({ type: "engine", at: this.#clock.now(), up });
  }
}

/** Orders members as the shared state names them, so that all balancers show the same order. */
function inOrder(members: readonly Member[], names: readonly string[] = []): readonly Member[] {
  if (names.length === 0) return members;
  const order = new Map(names.map((name, at) => [name, at]));
  const rank = ({ name }: Member) => order.get(name) ?? names.length;
  return members.toSorted((a, b) => rank(a) - rank(b));
}
