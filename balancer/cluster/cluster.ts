/**
 * This balancer as one of several that serve one ring: the shared store, the lease, and the other
 * balancers.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { FailureLog } from "../failures.ts";
import {
  type BalancerReport,
  Balancers,
  type RoutingReport,
  type SeenBalancer,
} from "./balancers.ts";
import { boundedStore } from "./bounded.ts";
import { Lease } from "./lease.ts";
import { ABSENT, type SharedStore, type SharedStores } from "./shared_store.ts";

/** Dependencies and settings of a {@linkcode Cluster}. */
interface ClusterOptions {
  /** This balancer; the id is unique for each of its lives: lower-case letters and digits. */
  readonly self: Pick<BalancerReport, "id" | "host" | "pid">;
  readonly stores: SharedStores;
  readonly clock: Clock;
  /** Duration of the lease, in milliseconds. */
  readonly leaseMs: number;
  readonly failures: FailureLog;
}

/** The cluster as `GET /_lb/status` shows it. */
export interface ClusterStatus {
  /** Id of this balancer. */
  readonly self: string;
  /** Id of the balancer that heals; undefined if none does at present. */
  readonly holder: string | undefined;
  readonly isolated: boolean;
  /** Milliseconds since the rings of the live balancers began to differ; 0 while they agree. */
  readonly disagreeMs: number;
  /** The live balancers. */
  readonly balancers: readonly SeenBalancer[];
}

/** Part of the lease within which the store has to answer. */
const ANSWER = 2 / 3;

const NOTHING: RoutingReport = { epoch: 0, digest: "", instances: 0, draining: [] };

/** One balancer of several. */
export class Cluster {
  /** The desired state of the fleet. */
  readonly state: SharedStore;
  /** The instances of the replicas, as the holder publishes them. */
  readonly instances: SharedStore;
  readonly #options: ClusterOptions;
  readonly #lease: Lease;
  readonly #balancers: Balancers;
  #routing = () => NOTHING;
  #challenges = ABSENT;
  #onLease = () => {};
  #disagreeSince: number | undefined;

  constructor(options: ClusterOptions) {
    this.#options = options;
    const { self, stores, clock, leaseMs, failures } = options;
    this.state = boundedStore(stores.open("state"), clock, leaseMs * ANSWER);
    this.instances = boundedStore(stores.open("instances"), clock, leaseMs * ANSWER);
    this.#lease = new Lease({
      id: self.id,
      store: stores.open("lease", { volatile: true }),
      clock,
      leaseMs,
      failures,
      onChange: () => this.#onLease(),
    });
    this.#balancers = new Balancers({
      self,
      stores,
      clock,
      silenceMs: leaseMs,
      failures,
      routing: () => this.#routing(),
      challenges: () => this.#challenges,
      cleansUp: () => this.#lease.held,
    });
  }

  /** Id of this balancer. */
  get id(): string {
    return this.#options.self.id;
  }

  /** Whether this balancer holds the lease at this moment. Ask directly before each action. */
  get holds(): boolean {
    return this.#lease.held;
  }

  /** Number of the present or last tenure of this balancer. */
  get tenure(): number {
    return this.#lease.tenure;
  }

  /** Whether this balancer has lost the shared store. */
  get isolated(): boolean {
    return this.#balancers.isolated;
  }

  /**
   * Milliseconds since the rings of the live balancers began to differ, as far as this one has
   * looked; 0 while they agree.
   */
  get disagreeMs(): number {
    const { clock } = this.#options;
    const rings = new Set(this.#balancers.live.map(({ epoch, digest }) => `${epoch} ${digest}`));
    if (rings.size <= 1) this.#disagreeSince = undefined;
    else this.#disagreeSince ??= clock.now();
    return this.#disagreeSince === undefined ? 0 : clock.now() - this.#disagreeSince;
  }

  /** The values of the fleet. */
  get stores(): SharedStores {
    return this.#options.stores;
  }

  /** The cluster's state for people. */
  get status(): ClusterStatus {
    const { live: balancers, isolated } = this.#balancers;
    const known = balancers.some(({ id }) => id === this.#lease.holder);
    const holder = known ? this.#lease.holder : undefined;
    return { self: this.id, holder, isolated, disagreeMs: this.disagreeMs, balancers };
  }

  /**
   * Begins to renew or wait for the lease, and to report. Resolves after the first attempts.
   *
   * @param routing returns what this balancer routes by
   * @param onLease called when this balancer has got or lost the lease
   */
  async open(routing: () => RoutingReport, onLease: () => void): Promise<void> {
    this.#routing = routing;
    this.#onLease = onLease;
    await Promise.all([this.#lease.open(), this.#balancers.open()]);
  }

  /** Reports that this balancer answers the challenges of an epoch. */
  answers(challenges: number): void {
    this.#challenges = challenges;
    this.#balancers.touch();
  }

  /**
   * Waits until all live balancers answer the challenges of an epoch.
   *
   * @param challenges the epoch
   * @param ms longest wait, in milliseconds
   * @returns whether they do
   */
  untilAnswered(challenges: number, ms: number): Promise<boolean> {
    return this.until((live) => live.every((one) => one.challenges >= challenges), ms);
  }

  /** Reports soon what this balancer routes by. */
  touch(): void {
    this.#balancers.touch();
  }

  /**
   * Waits until the live balancers fulfil a condition.
   *
   * @param condition evaluated now, and after every report
   * @param ms longest wait, in milliseconds
   * @returns whether the condition holds
   */
  until(condition: (live: readonly BalancerReport[]) => boolean, ms: number): Promise<boolean> {
    return this.#balancers.until(condition, ms);
  }

  /** Releases the lease, withdraws the report and ends all watches. Never rejects. */
  async leave(): Promise<void> {
    await this.#lease.release();
    await this.#balancers.leave();
    this.#options.stores.close();
  }

  /** Ends everything without a word to the others, as a crash does. */
  close(): void {
    this.#lease.close();
    this.#balancers.close();
    this.#options.stores.close();
  }
}
