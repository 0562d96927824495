/**
 * What the fleet's tests share: a policy, a clock that is turned by hand, a quiet log.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
// @ts-types="npm:@types/sinonjs__fake-timers@15.0.1"
import FakeTimers from "@sinonjs/fake-timers";
import type { FailureLog } from "../failures.ts";
import type { DataPlane, View } from "../view.ts";
import type { Clock } from "../clock.ts";
import type { FleetPolicy } from "./member/policy.ts";
import type { FleetStore, SavedFleet, SaveResult, Versioned } from "./store/store.ts";

/** The default policy, changed where a test says so. */
export function testPolicy(changes: Partial<FleetPolicy> = {}): FleetPolicy {
  return {
    replaces: true,
    probes: true,
    heartbeatMs: 3000,
    heartbeatTimeoutMs: 1000,
    downAfter: 2,
    upAfter: 1,
    startTimeoutMs: 30_000,
    backoffMs: 250,
    backoffMaxMs: 30_000,
    healthySpellMs: 5000,
    drainMs: 10_000,
    drainStreamsMs: 10_000,
    stopGraceMs: 5000,
    spares: 0,
    startsPerMinute: 120,
    minHealthyPercent: 0,
    poisonDeaths: 3,
    quarantineMs: 60_000,
    minReadyMs: 0,
    slowStartMs: 0,
    ...changes,
  };
}

/** A clock that stands still until it is turned. */
export class TestClock implements Clock {
  // The declarations leave open whose timers these are; nothing here depends on it.
  readonly #timers = FakeTimers.createClock(0) as FakeTimers.BrowserClock;
  #offset = 0;

  now(): number {
    return this.#timers.now;
  }

  /** The epoch begins with the clock, until {@linkcode setDate}. */
  wallClock(instant: number): number {
    return instant + this.#offset;
  }

  /** Sets the wall clock forward, or back where it is negative. */
  setDate(byMs: number): void {
    this.#offset += byMs;
  }

  after(ms: number, callback: () => void): () => void {
    const id = this.#timers.setTimeout(callback, ms);
    return () => this.#timers.clearTimeout(id);
  }

  /** Lets time go by, and everything that follows from it happen. */
  async turn(ms: number): Promise<void> {
    await this.#timers.tickAsync(ms);
  }
}

/** Keeps the views that were published; drains end when the test says so. */
export class TestDataPlane implements DataPlane {
  readonly views: View[] = [];
  readonly #busy = new Map<string, () => void>();

  publish(view: View): void {
    this.views.push(view);
  }

  idle(instance: string): Promise<boolean> {
    return new Promise((resolve) => {
      if (!this.#busy.has(instance)) return resolve(true);
      this.#busy.set(instance, () => resolve(true));
    });
  }

  inFlight(instance: string): number {
    return this.#busy.has(instance) ? 1 : 0;
  }

  /** Keeps an instance from being idle. @returns ends its last request */
  occupy(instance: string): () => void {
    this.#busy.set(instance, () => {});
    return () => this.#busy.get(instance)?.();
  }

  /** Names that the last view sends requests to. */
  ready(): string[] {
    return [...this.views.at(-1)?.ready.keys() ?? []];
  }
}

/** Collects failed background actions. */
export class TestFailures implements FailureLog {
  readonly actions: string[] = [];

  record(action: string): void {
    this.actions.push(action);
  }
}

/** A log that nobody reads. */
export const quietLog = getLogger("ringkeeper-test");

/** A store in memory that keeps text, as a file would, and fails while a test says so. */
export class TextStore implements FleetStore {
  readonly texts: string[] = [];
  /** Why saves fail; undefined while they do not. */
  fault: Error | undefined;

  constructor(saved?: SavedFleet) {
    if (saved) this.texts.push(JSON.stringify(saved));
  }

  /** The state that was saved last. */
  get last(): SavedFleet {
    return JSON.parse(this.texts.at(-1) ?? "null");
  }

  load(): Promise<Versioned | undefined> {
    const epoch = this.texts.length;
    return Promise.resolve(epoch === 0 ? undefined : { value: this.last, epoch });
  }

  save(fleet: SavedFleet, epoch: number): Promise<SaveResult> {
    if (this.fault) return Promise.reject(this.fault);
    if (epoch !== this.texts.length) return Promise.resolve({ done: false });
    return Promise.resolve({ done: true, epoch: this.texts.push(JSON.stringify(fleet)) });
  }
}
