/**
 * The fleet of a balancer that serves one ring together with others: connects the shared store and
 * the lease with the fleet's parts.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { BalancerReport, RoutingReport } from "../../cluster/balancer_report.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { Clock } from "../../clock.ts";
import type { DataPlane, DrainDeadlines, View } from "../../view.ts";
import type { DesiredState } from "../store/desired_state.ts";
import type { SharedFleetStore } from "../store/shared_fleet_store.ts";
import { Agreement } from "./agreement.ts";
import { Assignments, type AssignmentsOptions } from "./assignments.ts";
import type { EventQueue } from "./event_queue.ts";
import { Healing } from "./healing.ts";
import type { SharedChanges } from "./shared_changes.ts";
import { StandInRules } from "./stand_ins.ts";

/** Dependencies of a {@linkcode SharedFleet}. */
interface SharedFleetOptions
  extends Pick<AssignmentsOptions, "roster" | "dispatcher" | "failures"> {
  readonly cluster: Cluster;
  readonly store: SharedFleetStore;
  readonly desiredState: DesiredState;
  readonly queue: EventQueue;
  readonly clock: Clock;
  readonly log: Logger;
  /** Returns the published view. */
  readonly view: () => View;
  /** Lists the engine's instances. */
  readonly list: () => void;
  /** True if the engine runs the instances, so that they are published. */
  readonly ownsInstances: boolean;
}

/** Interval in which the store is read without a reported change, in milliseconds. */
const FOLLOW_MS = 2000;

/** The balancer that heals lists the engine's instances each time it has read the store this often. */
const READS = 3;

/** Delay before the shared store is read again after an error, in milliseconds. */
const RETRY_MS = 500;

/** Longest wait for the other balancers to route by a change, in milliseconds. */
const ACKNOWLEDGE_MS = 2000;

/** Longest wait for the first state of an empty store, in milliseconds. */
const FIRST_STATE_MS = 30_000;

/** Time for the reports of the others after the end of their drains, in milliseconds. */
const REPORT_MS = 1000;

/** Follows the shared store, and publishes while this balancer heals. */
export class SharedFleet {
  readonly healing: Healing;
  readonly assignments: Assignments;
  readonly standIns: StandInRules;
  readonly #options: SharedFleetOptions;
  readonly #agreement: Agreement;
  readonly #endWatches: (() => void)[] = [];
  #changes: SharedChanges | undefined;
  #routing: RoutingReport = { epoch: 0, digest: "", instances: 0, draining: [] };
  #appliedVersion = -1;
  #reported = "";
  #closed = false;
  /** Whether the log says that this balancer heals. */
  #healed = false;
  #cancelFollow: (() => void) | undefined;
  #onHealing = () => {};

  constructor(options: SharedFleetOptions) {
    this.#options = options;
    const { cluster, roster, dispatcher, queue, failures, clock, list, desiredState } = options;
    this.#agreement = new Agreement(options);
    this.healing = new Healing({
      cluster,
      read: () => this.#read(),
      list,
      onLost: () => this.#onLost(),
      later: (retry) => void clock.after(RETRY_MS, () => this.#closed || retry()),
    });
    this.assignments = new Assignments({
      store: cluster.instances,
      roster,
      dispatcher,
      run: (step) => queue.run(step),
      mayHeal: () => this.healing.mayHeal,
      tenure: () => `${cluster.id}.${cluster.tenure}`,
      template: () => desiredState.template,
      failures,
    });
    const { healing, assignments } = this;
    this.standIns = new StandInRules({ cluster, roster, healing, assignments });
  }

  /** The state that this balancer routes by, with all of its workers. */
  get routing(): RoutingReport {
    return { ...this.#routing, draining: this.#draining() };
  }

  /**
   * Joins the other balancers. Resolves once the shared state is known, or once this balancer holds
   * the lease and creates the state.
   *
   * @param changes changes of the shared state
   * @param onHealing called when this balancer begins to heal, and after each change while it heals
   * @throws {Error} no balancer has created the state in time
   */
  async open(changes: SharedChanges, onHealing: () => void): Promise<void> {
    const { cluster, store, desiredState } = this.#options;
    this.#changes = changes;
    this.#onHealing = onHealing;
    this.#endWatches.push(store.watch(() => void changes.refresh()));
    this.#endWatches.push(cluster.instances.watch(() => void this.assignments.refresh()));
    await cluster.open(() => this.routing, () => void this.healing.follow());
    await desiredState.load();
    if (!await this.#hasState()) {
      throw new Error(
        `LB_STORE: no balancer has created the fleet's state within ${FIRST_STATE_MS / 1000} s`,
      );
    }
    await this.assignments.refresh();
    this.#follow(1);
  }

  /** Runs after a listing of the engine, inside the writer. @returns whether this balancer heals */
  listed(): boolean {
    const before = this.healing.mayHeal;
    const heals = this.healing.listed();
    if (heals && !before) {
      this.#healed = true;
      this.#options.log.info("this balancer holds the lease and heals the fleet");
      queueMicrotask(this.#onHealing);
    }
    return heals;
  }

  /** Runs after each step of the writer, before actions are planned. */
  prepare(): void {
    this.#changes?.admitMissing();
    this.assignments.apply();
  }

  /** Runs after each step of the writer, after the view was published. */
  settle(): void {
    if (this.#options.ownsInstances) this.assignments.publish();
    this.#acknowledge();
  }

  /** Every worker routes by this version of the view. */
  applied(version: number): void {
    this.#appliedVersion = version;
    this.#acknowledge();
  }

  /** Reports a change of the shared state while this balancer heals. */
  changed(): void {
    this.assignments.apply();
    if (this.healing.mayHeal) queueMicrotask(this.#onHealing);
  }

  /**
   * Waits a short time until all live balancers route by the state in force.
   *
   * @returns ids of those that do not
   */
  async acknowledged(): Promise<readonly string[]> {
    const { cluster, desiredState, log } = this.#options;
    const { epoch } = desiredState;
    const behind = (live: readonly BalancerReport[]) => live.filter((one) => one.epoch < epoch);
    const reached = await cluster.until((live) => behind(live).length === 0, ACKNOWLEDGE_MS);
    if (reached || this.#closed) return [];
    const late = behind(cluster.status.balancers).map(({ id }) => id);
    log.warn("balancers {late} do not route by epoch {epoch} after {ms} ms", {
      late,
      epoch,
      ms: ACKNOWLEDGE_MS,
    });
    return late;
  }

  /** A data plane whose drains include those of the other balancers. */
  drains(dataPlane: DataPlane): DataPlane {
    return {
      publish: (view) => dataPlane.publish(view),
      inFlight: (instance) => dataPlane.inFlight(instance),
      idle: async (instance, deadlines) => {
        const idle = await dataPlane.idle(instance, deadlines);
        return await this.#idleElsewhere(instance, deadlines) && idle;
      },
    };
  }

  /** Leaves the other balancers; the lease is free then. */
  async leave(): Promise<void> {
    this.#end();
    await this.assignments.close();
    await this.#options.cluster.leave();
  }

  /** Ends everything as a crash does. */
  close(): void {
    this.#end();
    this.#options.cluster.close();
  }

  #end(): void {
    this.#closed = true;
    this.#cancelFollow?.();
    for (const end of this.#endWatches) end();
  }

  async #idleElsewhere(instance: string, deadlines: DrainDeadlines): Promise<boolean> {
    const { cluster, desiredState } = this.#options;
    const { healing, assignments } = this;
    if (!healing.mayHeal) return true;
    const { epoch } = desiredState;
    const instances = await assignments.published();
    return await cluster.until(
      (live) =>
        live.every((one) =>
          one.id === cluster.id ||
          (one.epoch >= epoch && one.instances >= instances && !one.draining.includes(instance))
        ),
      Math.max(deadlines.requestsMs, deadlines.streamsMs) + REPORT_MS,
    );
  }

  async #read(): Promise<boolean> {
    await this.assignments.refresh();
    return await this.#changes?.refresh() ?? false;
  }

  #onLost(): void {
    if (this.#closed || !this.#healed) return;
    this.#healed = false;
    this.#options.log.warn("this balancer lost the lease and heals no more");
    void this.assignments.refresh();
    this.#options.queue.run(() => this.assignments.apply());
  }

  /** Waits for the first state. */
  async #hasState(): Promise<boolean> {
    const { cluster, desiredState, clock, store } = this.#options;
    const known = () => cluster.holds || desiredState.shared !== undefined;
    const deadline = clock.now() + FIRST_STATE_MS;
    while (!known() && clock.now() < deadline) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const end = store.watch(resolve);
      const cancel = clock.after(RETRY_MS, resolve);
      await promise;
      end();
      cancel();
      await this.#changes?.refresh();
    }
    return known();
  }

  /**
   * A report of a change may be lost, and a former holder's late call may start an instance: both
   * are found here.
   */
  #follow(reads: number): void {
    this.#cancelFollow = this.#options.clock.after(FOLLOW_MS, () => {
      if (this.#closed) return;
      void this.#read();
      void this.#changes?.withdrawAbandoned();
      void this.healing.follow();
      this.#agreement.check();
      if (this.healing.mayHeal && reads % READS === 0) this.#options.list();
      this.#follow(reads + 1);
    });
  }

  /** Reports a change of the routing at once: answers to changes wait for it. */
  #acknowledge(): void {
    const { version, epoch, ring: { digest } } = this.#options.view();
    if (this.#appliedVersion >= version) {
      const { epoch: instances } = this.assignments;
      this.#routing = { epoch, digest, instances, draining: [] };
    }
    const text = JSON.stringify(this.routing);
    if (text === this.#reported) return;
    this.#reported = text;
    this.#options.cluster.touch();
  }

  #draining(): string[] {
    return this.#options.roster.all.flatMap(({ retiring }) =>
      retiring.filter(({ stage }) => stage === "drain").map(({ id }) => id)
    );
  }
}
