/**
 * The lease of a fleet: which balancer heals it. The holder renews the lease by compare-and-swap, and
 * stops acting when two thirds of the lease have passed since the start of its last successful
 * renewal. Another balancer takes the lease over once it has not changed for the whole lease. Each
 * measures on its own clock, so no two clocks are compared.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { FailureLog } from "../failures.ts";
import { bounded } from "./bounded.ts";
import { ABSENT, type SharedStore } from "./shared_store.ts";

/** Dependencies and settings of a {@linkcode Lease}. */
interface LeaseOptions {
  /** Id of this balancer, unique for each of its lives. */
  readonly id: string;
  readonly store: SharedStore;
  readonly clock: Clock;
  /** Time without a change after which another balancer takes the lease over, in milliseconds. */
  readonly leaseMs: number;
  readonly failures: FailureLog;
  /** Called when this balancer has got or lost the lease. */
  readonly onChange: () => void;
}

/** The stored lease, as this balancer has seen it. */
interface SeenLease {
  /** Id of the holder; empty if the lease was released. */
  readonly holder: string;
  readonly epoch: number;
  /** When this epoch was first seen, an instant of the clock in milliseconds. */
  readonly at: number;
}

/** The next step of a balancer with the lease. */
type LeaseStep = "renew" | "take" | "wait";

/** Part of the lease that its holder uses, so that clocks may run at slightly different rates. */
const USED = 2 / 3;

/** Renewals within one lease. */
const RENEWALS = 6;

/** Steps within one lease in which the time without a renewal is measured. */
const SILENCE_STEPS = 12;

/**
 * Decides the next step. Pure.
 *
 * @param seen the stored lease; undefined if there is none
 * @param self id of this balancer
 * @param now instant of the clock, in milliseconds
 * @param leaseMs duration of the lease, in milliseconds
 */
export function leaseStep(
  seen: SeenLease | undefined,
  self: string,
  now: number,
  leaseMs: number,
): LeaseStep {
  if (!seen || seen.holder === "") return "take";
  if (seen.holder === self) return "renew";
  return now - seen.at >= leaseMs ? "take" : "wait";
}

/** When a renewal began, by both clocks of this machine. */
interface Renewal {
  readonly at: number;
  readonly date: number;
}

/**
 * Reports whether a renewal still counts. The monotonic clock stands still while a machine is
 * suspended, and the wall clock does not, so the longer of both times counts. A wall clock that is
 * set forward ends the lease early, which is safe.
 *
 * @param renewal when the last successful renewal began
 * @param clock this balancer's clock
 * @param leaseMs duration of the lease, in milliseconds
 */
export function isHeld(renewal: Renewal, clock: Clock, leaseMs: number): boolean {
  const now = clock.now();
  const passed = Math.max(now - renewal.at, clock.wallClock(now) - renewal.date);
  return passed < leaseMs * USED;
}

/** Keeps the lease, or waits for it. */
export class Lease {
  readonly #options: LeaseOptions;
  #seen: SeenLease | undefined;
  #renewal: Renewal | undefined;
  #tenure = 0;
  #notified = false;
  #closed = false;
  #silence = 0;
  #cancelSilence: (() => void) | undefined;
  #cancelTick: (() => void) | undefined;
  #cancelEnd: (() => void) | undefined;
  #ticking: Promise<void> = Promise.resolve();

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /**
   * Milliseconds for which this balancer has run and seen no renewal. The time in which it was
   * stopped does not count.
   */
  get silentMs(): number {
    return this.#silence;
  }

  /** Whether this balancer may act now. Evaluated at each call. */
  get held(): boolean {
    const { clock, leaseMs } = this.#options;
    return this.#renewal !== undefined && isHeld(this.#renewal, clock, leaseMs);
  }

  /** Number of times that this balancer got the lease. A lapse of the lease ends a tenure. */
  get tenure(): number {
    return this.#tenure;
  }

  /** Id of the holder that was seen last; undefined if there is none. */
  get holder(): string | undefined {
    return this.#seen?.holder || undefined;
  }

  /** Begins to renew or to wait. Resolves after the first attempt. */
  open(): Promise<void> {
    this.#measureSilence();
    this.#ticking = this.#tick();
    return this.#ticking;
  }

  /** Gives the lease up, so that another balancer takes it at once. Never rejects. */
  async release(): Promise<void> {
    this.close();
    await this.#ticking;
    const held = this.held;
    this.#renewal = undefined;
    if (!held || !this.#seen) return;
    try {
      await this.#bounded(this.#options.store.save(record(""), this.#seen.epoch));
    } catch (error) {
      // The others take the lease over when it ends.
      this.#options.failures.record("cluster.lease", error);
    }
  }

  /** Ends the renewals; the lease ends by itself. */
  close(): void {
    this.#closed = true;
    this.#cancelTick?.();
    this.#cancelEnd?.();
    this.#cancelSilence?.();
  }

  /** A step counts as two steps at most: the process was stopped in a longer one. */
  #measureSilence(): void {
    const { clock, leaseMs } = this.#options;
    const stepMs = leaseMs / SILENCE_STEPS;
    const before = clock.now();
    const seen = this.#seen;
    this.#cancelSilence = clock.after(stepMs, () => {
      const passed = Math.min(clock.now() - before, 2 * stepMs);
      this.#silence = seen === this.#seen ? this.#silence + passed : 0;
      this.#measureSilence();
    });
  }

  async #tick(): Promise<void> {
    const { clock, leaseMs, failures } = this.#options;
    try {
      await this.#step();
    } catch (error) {
      failures.record("cluster.lease", error);
    }
    this.#notify();
    if (this.#closed) return;
    this.#cancelTick = clock.after(leaseMs / RENEWALS, () => this.#ticking = this.#tick());
  }

  async #step(): Promise<void> {
    const { id, clock, leaseMs } = this.#options;
    // While the lease is held its epoch is known, and one call renews it.
    if (!this.held) await this.#look();
    if (this.#closed) return;
    if (leaseStep(this.#seen, id, clock.now(), leaseMs) !== "wait") await this.#write();
  }

  async #look(): Promise<void> {
    const { store, clock } = this.#options;
    const found = await this.#bounded(store.load());
    if (!found) {
      this.#seen = undefined;
      return;
    }
    if (found.epoch === this.#seen?.epoch) return;
    const { holder } = JSON.parse(found.value) as { holder: string };
    this.#seen = { holder, epoch: found.epoch, at: clock.now() };
  }

  async #write(): Promise<void> {
    const { id, store, clock } = this.#options;
    const at = clock.now();
    const renewal = { at, date: clock.wallClock(at) };
    const continues = this.held;
    const result = await this.#bounded(store.save(record(id), this.#seen?.epoch ?? ABSENT));
    if (!result.done) {
      this.#renewal = undefined;
      return await this.#look();
    }
    this.#seen = { holder: id, epoch: result.epoch, at };
    // A lease that lapsed during this call was not continued, although no other balancer took it.
    if (!continues || !this.held) this.#tenure++;
    this.#renewal = renewal;
  }

  /** Reports a change, and schedules the report of the lease's end. */
  #notify(): void {
    const { clock, leaseMs, onChange } = this.#options;
    this.#cancelEnd?.();
    const { held } = this;
    if (held && !this.#closed) {
      const left = this.#renewal!.at + leaseMs * USED - clock.now();
      this.#cancelEnd = clock.after(Math.max(1, Math.ceil(left)), () => this.#notify());
    }
    if (held === this.#notified) return;
    this.#notified = held;
    onChange();
  }

  #bounded<T>(call: Promise<T>): Promise<T> {
    const { clock, leaseMs } = this.#options;
    return bounded(clock, leaseMs / 2, "the shared store", call);
  }
}

function record(holder: string): string {
  return JSON.stringify({ holder });
}
