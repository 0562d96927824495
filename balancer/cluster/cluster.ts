/**
 * This balancer as one of several that serve one ring: the shared store, the lease, and the other
 * balancers.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { FailureLog } from "../failures.ts";
import type { BalancerReport, RoutingReport, SeenBalancer } from "./balancer_report.ts";
import { Balancers } from "./balancers.ts";
import { boundedStore } from "./bounded.ts";
import { AnnouncedStore } from "./announced_store.ts";
import { Lease } from "./lease.ts";
import { OutageFailures } from "./outage_failures.ts";
import type { EndedInstance, PeerMessage } from "./peer_message.ts";
import type { PeerTransport } from "./peer_transport.ts";
import { Peers } from "./peers.ts";
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
  /** Id of the balancer that heals; undefined if none does, or this one has lost the store. */
  readonly holder: string | undefined;
  readonly isolated: boolean;
  /** Milliseconds since the rings of the live balancers began to differ; 0 while they agree. */
  readonly disagreeMs: number;
  /** The live balancers. */
  readonly balancers: readonly ReachedBalancer[];
}

/** A balancer, and the way of its messages. */
interface ReachedBalancer extends SeenBalancer {
  /** Whether the last message to it reached it; false without messages. */
  readonly direct: boolean;
}

/** Receives the evidence of other balancers. */
interface PeerEvidence {
  /** Another balancer has evidence that an instance failed. */
  readonly onDoubt: (instance: string) => void;
  /** The engine of another balancer has reported the end of an instance. */
  readonly onEnded: (ended: EndedInstance) => void;
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
  /** Failures of calls to the shared store. */
  readonly failures: OutageFailures;
  readonly #options: ClusterOptions;
  readonly #lease: Lease;
  readonly #balancers: Balancers;
  readonly #announced: Readonly<Record<string, AnnouncedStore>>;
  #peers: Peers | undefined;
  #addresses: readonly string[] = [];
  #evidence: PeerEvidence | undefined;
  #routing = () => NOTHING;
  #challenges = ABSENT;
  #onLease = () => {};
  #onIsolation: (isolated: boolean) => void = () => {};
  #disagreeSince: number | undefined;

  constructor(options: ClusterOptions) {
    this.#options = options;
    const { self, stores, clock, leaseMs } = options;
    const failures = this.failures = new OutageFailures(options.failures);
    const shared = (name: string) =>
      new AnnouncedStore(
        boundedStore(stores.open(name), clock, leaseMs * ANSWER),
        (epoch) => this.#peers?.announce({ saved: { [name]: epoch } }),
      );
    const announced = { state: shared("state"), instances: shared("instances") };
    this.#announced = announced;
    this.state = announced.state;
    this.instances = announced.instances;
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
      addresses: () => this.#addresses,
      cleansUp: () => this.#lease.held,
      onWritten: () => failures.recovered(),
      onBeat: () => this.#peers?.greet(),
      onIsolation: (isolated) => this.#onIsolation(isolated),
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

  /** Time in which this balancer has run and seen no renewal, as a part of the lease. */
  get silence(): number {
    return this.#lease.silentMs / this.#options.leaseMs;
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
    const { live, isolated } = this.#balancers;
    const balancers = live.map((one) => ({ ...one, direct: this.#reaches(one.id) }));
    const { id: self, disagreeMs } = this;
    return { self, holder: this.#holder(balancers), isolated, disagreeMs, balancers };
  }

  /**
   * Exchanges messages with the other balancers. Call it before {@linkcode Cluster.open}.
   *
   * @param transport the way of the messages
   */
  connect(transport: PeerTransport): void {
    const { self, clock, failures } = this.#options;
    this.#addresses = transport.addresses;
    this.#peers = new Peers({
      self: self.id,
      transport,
      clock,
      failures,
      others: () => this.#balancers.live.filter(({ id }) => id !== self.id),
      report: () => this.#balancers.next(),
      onMessage: (message) => this.#take(message),
    });
  }

  /** Calls back when this balancer has lost the shared store, and when it reaches it again. */
  set onIsolation(callback: (isolated: boolean) => void) {
    this.#onIsolation = callback;
  }

  /** Sets the receiver of the other balancers' evidence. */
  set evidence(receiver: PeerEvidence) {
    this.#evidence = receiver;
  }

  /** Tells the other balancers of evidence that an instance failed. */
  doubt(instance: string): void {
    this.#peers?.announce({ doubted: [instance] });
  }

  /** Tells the other balancers that the engine has reported the end of an instance. */
  reportEnd(ended: EndedInstance): void {
    this.#peers?.announce({ ended: [ended] });
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
    return this.until((live) => live.every((one) => (one.challenges ?? ABSENT) >= challenges), ms);
  }

  /** Reports soon what this balancer routes by. */
  touch(): void {
    this.#peers?.announce();
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
    this.#peers?.close();
    await this.#balancers.leave();
    this.#options.stores.close();
  }

  /** Ends everything without a word to the others, as a crash does. */
  close(): void {
    this.#lease.close();
    this.#peers?.close();
    this.#balancers.close();
    this.#options.stores.close();
  }

  /**
   * A lease that has lapsed has no holder, even before another balancer takes it over, and one that
   * is isolated cannot know it.
   */
  #holder(live: readonly SeenBalancer[]): string | undefined {
    const { holder, held } = this.#lease;
    if (this.isolated || this.silence >= 1) return undefined;
    if (holder === this.id) return held ? holder : undefined;
    return live.some(({ id }) => id === holder) ? holder : undefined;
  }

  #reaches(id: string): boolean {
    if (id === this.id) return this.#peers !== undefined;
    return this.#peers?.reaches(id) ?? false;
  }

  #take({ from, report, saved, doubted, ended }: PeerMessage): void {
    if (report.id !== from) return;
    this.#balancers.take(report);
    for (const name of Object.keys(saved)) this.#announced[name]?.changed();
    for (const instance of doubted) this.#evidence?.onDoubt(instance);
    for (const one of ended) this.#evidence?.onEnded(one);
  }
}
