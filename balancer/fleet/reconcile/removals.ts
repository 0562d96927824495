/**
 * Instances that are being stopped and removed. A removal that the engine refuses is retried in the
 * background; nothing waits for it.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Engine } from "../../engine/engine.ts";
import { errorMessage, type FailureLog } from "../../failures.ts";
import type { Clock } from "../../clock.ts";

/** Dependencies of {@linkcode Removals}. */
interface RemovalsOptions {
  readonly engine: Pick<Engine, "stop" | "list" | "remains">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly failures: FailureLog;
}

/** A removal in progress. */
export interface PendingRemoval {
  readonly id: string;
  /** Name of the instance. */
  readonly name: string;
  /** When it began, an instant of the fleet's clock in milliseconds. */
  readonly since: number;
  /** Number of failed attempts. */
  readonly failed: number;
  /** Why the last attempt failed; undefined if none did. */
  readonly error?: string;
}

/** An instance to stop and remove. */
type Removal = Pick<PendingRemoval, "id" | "name"> & {
  /** Time between SIGTERM and SIGKILL, in milliseconds. */
  readonly graceMs: number;
};

/** Delays before retries, in milliseconds. The delay doubles each time. */
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

/** Time for the removals at shutdown after the stop grace, in milliseconds. */
const SWEEP_MS = 5000;

/** Stops and removes instances, and retries failed removals. */
export class Removals {
  readonly #options: RemovalsOptions;
  readonly #pending = new Map<string, PendingRemoval>();
  #onSettled: (() => void)[] = [];
  #closed = false;

  constructor(options: RemovalsOptions) {
    this.#options = options;
  }

  /** Removals in progress, oldest first. */
  get pending(): readonly PendingRemoval[] {
    return [...this.#pending.values()];
  }

  /** Reports whether an instance is being removed. */
  has(id: string): boolean {
    return this.#pending.has(id);
  }

  /**
   * Stops an instance and removes it. The removal continues, with retries, after this resolves.
   *
   * @param removal the instance to remove
   * @returns resolves once the instance no longer runs
   * @throws {EngineError} the instance could not be stopped; this is not retried
   */
  async stop(removal: Removal): Promise<void> {
    const stopped = Promise.withResolvers<void>();
    let runs = true;
    const onStopped = () => {
      runs = false;
      stopped.resolve();
    };
    this.#begin(removal);
    const removed = this.#options.engine.stop(removal.id, removal.graceMs, onStopped);
    removed.then(() => this.#end(removal.id), (error) => {
      if (runs) this.#end(removal.id);
      else this.#retry(removal, error);
    });
    await Promise.race([stopped.promise, removed]);
  }

  /** Stops and removes an instance with retries for both. Never rejects. */
  async clear(removal: Removal): Promise<void> {
    if (this.has(removal.id)) return;
    this.#begin(removal);
    await this.#try(removal);
  }

  /**
   * Waits until no removal is in progress.
   *
   * @param ms longest wait, in milliseconds
   * @returns whether all removals are done
   */
  async settled(ms: number): Promise<boolean> {
    if (this.#pending.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onSettled.push(resolve);
      const cancel = this.#options.clock.after(ms, resolve);
      await promise;
      cancel();
    }
    return this.#pending.size === 0;
  }

  /**
   * Removes every instance of the fleet that is left, and waits for all pending removals.
   *
   * @param graceMs time between SIGTERM and SIGKILL, in milliseconds
   */
  async sweep(graceMs: number): Promise<void> {
    const { engine, failures } = this.#options;
    try {
      const [running, remains] = await Promise.all([engine.list(), engine.remains()]);
      for (const { id, name } of [...running, ...remains]) this.clear({ id, name, graceMs });
    } catch (error) {
      failures.record("engine.list", error);
    }
    await this.settled(graceMs + SWEEP_MS);
  }

  /** Ends retries. */
  close(): void {
    this.#closed = true;
  }

  #begin({ id, name }: Removal): void {
    const since = this.#options.clock.now();
    if (!this.has(id)) this.#pending.set(id, { id, name, since, failed: 0 });
  }

  #end(id: string): void {
    this.#pending.delete(id);
    if (this.#pending.size > 0) return;
    for (const resolve of this.#onSettled) resolve();
    this.#onSettled = [];
  }

  async #try(removal: Removal): Promise<void> {
    try {
      await this.#options.engine.stop(removal.id, removal.graceMs);
      this.#end(removal.id);
    } catch (error) {
      this.#retry(removal, error);
    }
  }

  #retry(removal: Removal, error: unknown): void {
    const { clock, failures } = this.#options;
    const before = this.#pending.get(removal.id);
    if (!before || this.#closed) return;
    failures.record("engine.remove", error);
    const failed = before.failed + 1;
    this.#pending.set(removal.id, { ...before, failed, error: errorMessage(error) });
    const wait = Math.min(FIRST_RETRY_MS * 2 ** (failed - 1), LAST_RETRY_MS);
    clock.after(wait, () => {
      if (!this.#closed) this.#try({ ...removal, graceMs: 0 });
    });
  }
}
