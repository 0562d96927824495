/**
 * The balancers of a fleet: each one reports itself to the shared store and reads the reports of the
 * others.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { FailureLog } from "../failures.ts";
import { bounded } from "./bounded.ts";
import { ABSENT, type SharedStore, type SharedStores } from "./shared_store.ts";

/** The state that a balancer routes by. */
export interface RoutingReport {
  /** Epoch of the desired state by which all of its workers route. */
  readonly epoch: number;
  /** Digest of its ring. */
  readonly digest: string;
  /** Epoch of the published instances that it has taken over. */
  readonly instances: number;
  /** Ids of the instances that left its view and may still have requests of it. */
  readonly draining: readonly string[];
}

/** A balancer, as it describes itself. */
export interface BalancerReport extends RoutingReport {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
}

/** A balancer, as this one sees it. */
export interface SeenBalancer extends BalancerReport {
  /** Milliseconds since this balancer saw its last report. */
  readonly silentMs: number;
}

/** Dependencies and settings of {@linkcode Balancers}. */
interface BalancersOptions {
  readonly self: Pick<BalancerReport, "id" | "host" | "pid">;
  readonly stores: SharedStores;
  readonly clock: Clock;
  /** A balancer without a report for this time, in milliseconds, counts as dead. */
  readonly silenceMs: number;
  readonly failures: FailureLog;
  /** Returns what this balancer routes by now. */
  readonly routing: () => RoutingReport;
  /** Whether this balancer removes the reports of dead ones. */
  readonly cleansUp: () => boolean;
}

interface Observed {
  readonly report: BalancerReport;
  readonly epoch: number;
  readonly at: number;
}

interface Waiter {
  readonly condition: (live: readonly BalancerReport[]) => boolean;
  readonly resolve: (reached: boolean) => void;
}

const PREFIX = "balancer-";

/** Reports within the time after which a balancer counts as dead. */
const REPORTS = 4;

/** The report of a dead balancer is removed after this many times the silence. */
const REMOVE_AFTER = 20;

/** Reports this balancer and observes the others. */
export class Balancers {
  readonly #options: BalancersOptions;
  readonly #own: SharedStore;
  readonly #observed = new Map<string, Observed>();
  readonly #waiters = new Set<Waiter>();
  #epoch = ABSENT;
  #writtenAt: number;
  #writing = false;
  #due = false;
  #closed = false;
  #cancelBeat: (() => void) | undefined;
  #endWatch: (() => void) | undefined;

  constructor(options: BalancersOptions) {
    this.#options = options;
    this.#own = options.stores.open(PREFIX + options.self.id, { volatile: true });
    this.#writtenAt = options.clock.now();
  }

  /** Whether the store has accepted no write of this balancer for as long as a dead one is silent. */
  get isolated(): boolean {
    const { clock, silenceMs } = this.#options;
    return clock.now() - this.#writtenAt >= silenceMs;
  }

  /** The live balancers, this one included, by id. */
  get live(): readonly SeenBalancer[] {
    const { clock, silenceMs, self } = this.#options;
    const now = clock.now();
    const others = [...this.#observed.values()].filter(({ report, at }) =>
      report.id !== self.id && now - at < silenceMs
    );
    const seen = others.map(({ report, at }) => ({ ...report, silentMs: now - at }));
    return [...seen, { ...this.#report(), silentMs: 0 }].sort((a, b) => a.id < b.id ? -1 : 1);
  }

  /** Begins to report and to observe. Resolves after the first report and the first look. */
  async open(): Promise<void> {
    this.#endWatch = this.#options.stores.watchAll((name) => {
      if (name.startsWith(PREFIX)) void this.#read(name);
    });
    await Promise.all([this.#beat(), this.#readAll()]);
  }

  /** Reports soon, because what this balancer routes by has changed. */
  touch(): void {
    this.#due = true;
    if (!this.#writing && !this.#closed) void this.#write();
    this.#check();
  }

  /**
   * Waits until the live balancers fulfil a condition.
   *
   * @param condition evaluated now, and after every report
   * @param ms longest wait, in milliseconds
   * @returns whether the condition holds
   */
  async until(condition: Waiter["condition"], ms: number): Promise<boolean> {
    if (condition(this.live)) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiter = { condition, resolve };
    this.#waiters.add(waiter);
    const cancel = this.#options.clock.after(ms, () => resolve(false));
    try {
      return await promise;
    } finally {
      cancel();
      this.#waiters.delete(waiter);
    }
  }

  /** Ends the reports and withdraws the last one. Never rejects. */
  async leave(): Promise<void> {
    this.close();
    const { stores, failures } = this.#options;
    try {
      await this.#bounded(stores.remove(PREFIX + this.#options.self.id));
    } catch (error) {
      failures.record("cluster.report", error);
    }
  }

  /** Ends the reports; the others notice the silence. */
  close(): void {
    this.#closed = true;
    this.#cancelBeat?.();
    this.#endWatch?.();
    for (const { resolve } of this.#waiters) resolve(false);
  }

  #report(): BalancerReport {
    return { ...this.#options.self, ...this.#options.routing() };
  }

  async #beat(): Promise<void> {
    const { clock, silenceMs } = this.#options;
    if (!this.#writing) await this.#write();
    this.#check();
    if (this.#closed) return;
    void this.#removeDead();
    this.#cancelBeat = clock.after(silenceMs / REPORTS, () => void this.#beat());
  }

  async #write(): Promise<void> {
    const { clock, failures } = this.#options;
    this.#writing = true;
    try {
      do {
        this.#due = false;
        await this.#save();
        this.#writtenAt = clock.now();
      } while (this.#due && !this.#closed);
    } catch (error) {
      failures.record("cluster.report", error);
    }
    this.#writing = false;
  }

  async #save(): Promise<void> {
    const text = JSON.stringify(this.#report());
    let result = await this.#bounded(this.#own.save(text, this.#epoch));
    if (!result.done) {
      // An earlier save whose outcome was unknown, or the record was removed as a dead one's.
      this.#epoch = (await this.#bounded(this.#own.load()))?.epoch ?? ABSENT;
      result = await this.#bounded(this.#own.save(text, this.#epoch));
    }
    if (result.done) this.#epoch = result.epoch;
  }

  async #readAll(): Promise<void> {
    const { stores, failures } = this.#options;
    try {
      const names = await this.#bounded(stores.names());
      await Promise.all(
        names.filter((name) => name.startsWith(PREFIX)).map((name) => this.#read(name)),
      );
    } catch (error) {
      failures.record("cluster.report", error);
    }
  }

  async #read(name: string): Promise<void> {
    const { stores, clock, failures, self } = this.#options;
    const id = name.slice(PREFIX.length);
    if (id === self.id) return;
    try {
      const found = await this.#bounded(stores.open(name).load());
      if (!found) this.#observed.delete(id);
      else if (found.epoch !== this.#observed.get(id)?.epoch) {
        const report = JSON.parse(found.value) as BalancerReport;
        this.#observed.set(id, { report, epoch: found.epoch, at: clock.now() });
      }
    } catch (error) {
      failures.record("cluster.report", error);
    }
    this.#check();
  }

  async #removeDead(): Promise<void> {
    const { stores, clock, silenceMs, failures, cleansUp } = this.#options;
    if (!cleansUp()) return;
    for (const [id, { at }] of this.#observed) {
      if (clock.now() - at < silenceMs * REMOVE_AFTER) continue;
      this.#observed.delete(id);
      try {
        await this.#bounded(stores.remove(PREFIX + id));
      } catch (error) {
        failures.record("cluster.report", error);
      }
    }
  }

  #check(): void {
    if (this.#waiters.size === 0) return;
    const { live } = this;
    for (const { condition, resolve } of this.#waiters) if (condition(live)) resolve(true);
  }

  #bounded<T>(call: Promise<T>): Promise<T> {
    const { clock, silenceMs } = this.#options;
    return bounded(clock, silenceMs / 2, "the shared store", call);
  }
}
