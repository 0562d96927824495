/**
 * The balancers of a fleet: each one reports itself to the shared store and reads the reports of the
 * others.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { FailureLog } from "../failures.ts";
import type { BalancerReport, RoutingReport, SeenBalancer } from "./balancer_report.ts";
import { bounded } from "./bounded.ts";
import { ABSENT, type SharedStore, type SharedStores } from "./shared_store.ts";

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
  /** Returns the epoch of the challenges that it answers now; none by default. */
  readonly challenges?: () => number;
  /** Returns the addresses at which this balancer takes messages; none by default. */
  readonly addresses?: () => readonly string[];
  /** Whether this balancer removes the reports of dead ones. */
  readonly cleansUp: () => boolean;
  /** Called after each successful report. */
  readonly onWritten?: () => void;
  /** Called several times within the silence. */
  readonly onBeat?: () => void;
  /** Called when this balancer has lost the store, or reaches it again. */
  readonly onIsolation?: (isolated: boolean) => void;
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
  #sequence = 0;
  #writtenAt: number;
  #writing = false;
  #due = false;
  #closed = false;
  /** The isolation that was reported last. */
  #lost = false;
  #cancelIsolation: (() => void) | undefined;
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
    this.#watchIsolation();
    await Promise.all([this.#beat(), this.#readAll()]);
  }

  /** This balancer's report with the next sequence number, for a message. */
  next(): BalancerReport {
    this.#sequence++;
    return this.#report();
  }

  /**
   * Takes a report that came as a message. Only the shared store shows that a balancer lives, so
   * the report of an unknown one is looked up there.
   */
  take(report: BalancerReport): void {
    const { id, sequence } = report;
    const known = this.#observed.get(id);
    if (!known) return void this.#read(PREFIX + id);
    if (sequence <= known.report.sequence) return;
    this.#observed.set(id, { ...known, report });
    this.#check();
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
    this.#cancelIsolation?.();
    this.#endWatch?.();
    for (const { resolve } of this.#waiters) resolve(false);
  }

  #report(): BalancerReport {
    const { self, routing, addresses, challenges } = this.#options;
    const reached = addresses?.() ?? [];
    const answered = challenges?.() ?? ABSENT;
    return {
      ...self,
      ...routing(),
      sequence: this.#sequence,
      ...(answered !== ABSENT && { challenges: answered }),
      ...(reached.length > 0 && { addresses: reached }),
    };
  }

  async #beat(): Promise<void> {
    const { clock, silenceMs } = this.#options;
    if (!this.#writing) await this.#write();
    this.#options.onBeat?.();
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
        this.#options.onWritten?.();
        this.#watchIsolation();
      } while (this.#due && !this.#closed);
    } catch (error) {
      failures.record("cluster.report", error);
    }
    this.#writing = false;
  }

  async #save(): Promise<void> {
    const text = JSON.stringify(this.next());
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
        this.#observe(JSON.parse(found.value) as BalancerReport, found.epoch, clock.now());
      }
    } catch (error) {
      failures.record("cluster.report", error);
    }
    this.#check();
  }

  /** Reports a change of the isolation now, and its beginning when that comes. */
  #watchIsolation(): void {
    const { clock, silenceMs, onIsolation } = this.#options;
    this.#cancelIsolation?.();
    if (this.#closed) return;
    const { isolated } = this;
    if (!isolated) {
      const left = this.#writtenAt + silenceMs - clock.now();
      this.#cancelIsolation = clock.after(Math.max(1, left), () => this.#watchIsolation());
    }
    if (isolated === this.#lost) return;
    this.#lost = isolated;
    onIsolation?.(isolated);
  }

  /** A message may have brought a newer report than the stored one. */
  #observe(stored: BalancerReport, epoch: number, at: number): void {
    const known = this.#observed.get(stored.id)?.report;
    const report = known && known.sequence > stored.sequence ? known : stored;
    this.#observed.set(stored.id, { report, epoch, at });
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
