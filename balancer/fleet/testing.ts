/**
 * Helpers of the fleet's tests: a policy, a manual clock, a data plane, a store, a quiet log.
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

/** Returns the default policy with changes. */
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
    rampsSlots: true,
    ...changes,
  };
}

/** A clock that only moves when a test turns it. */
export class TestClock implements Clock {
  // The declarations are of browser timers; nothing here depends on the kind.
  readonly #timers = FakeTimers.createClock(0) as FakeTimers.BrowserClock;
  #offset = 0;

  now(): number {
    return this.#timers.now;
  }

  /** The epoch is the clock's start, unless {@linkcode setDate} moved it. */
  wallClock(instant: number): number {
    return instant + this.#offset;
  }

  /** Moves the wall clock forward, or back by a negative number of milliseconds. */
  setDate(byMs: number): void {
    this.#offset += byMs;
  }

  after(ms: number, callback: () => void): () => void {
    const id = this.#timers.setTimeout(callback, ms);
    return () => this.#timers.clearTimeout(id);
  }

  /** Moves the clock forward and runs everything that becomes due. */
  async turn(ms: number): Promise<void> {
    await this.#timers.tickAsync(ms);
  }
}

/** Records published views; drains end on demand. */
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

  /** Keeps an instance busy. @returns ends its last request */
  occupy(instance: string): () => void {
    this.#busy.set(instance, () => {});
    return () => this.#busy.get(instance)?.();
  }

  /** Returns the names that the last view routes to. */
  ready(): string[] {
    return [...this.views.at(-1)?.ready.keys() ?? []];
  }
}

/** Records failed background actions. */
export class TestFailures implements FailureLog {
  readonly actions: string[] = [];

  record(action: string): void {
    this.actions.push(action);
  }
}

/** A log without a reader. */
export const quietLog = getLogger("ringkeeper-test");

/** An in-memory store of text, which fails on demand. */
export class TextStore implements FleetStore {
  readonly texts: string[] = [];
  /** Error of every save; undefined for success. */
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
