/**
 * Instances that end or have ended, and what is left of them: a container that the Engine does not
 * remove is tried again behind everything else, and nothing waits for it.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import type { Engine } from "../../engine/engine.ts";
import { errorMessage, type FailureLog } from "../../failures.ts";
import type { Clock } from "../../clock.ts";

/** What {@linkcode Removals} are made of. */
export interface RemovalsOptions {
  readonly engine: Pick<Engine, "stop" | "list" | "remains">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly failures: FailureLog;
}

/** A removal that is not over. */
export interface PendingRemoval {
  readonly id: string;
  /** The name that the instance had. */
  readonly name: string;
  /** When it began, by the fleet's clock. */
  readonly since: number;
  /** How often it failed. */
  readonly failed: number;
  /** Why it failed last; undefined while it has not. */
  readonly error?: string;
}

/** What is to be stopped and removed. */
export type Removal = Pick<PendingRemoval, "id" | "name"> & {
  /** From SIGTERM to SIGKILL in milliseconds. */
  readonly graceMs: number;
};

/** Waits before the next try, in milliseconds: doubled each time. */
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

/** Time for the removals at shutdown after the stop grace, in milliseconds. */
const SWEEP_MS = 5000;

/** Stops and removes instances until that is done. */
export class Removals {
  readonly #options: RemovalsOptions;
  readonly #pending = new Map<string, PendingRemoval>();
  #onSettled: (() => void)[] = [];
  #closed = false;

  constructor(options: RemovalsOptions) {
    this.#options = options;
  }

  /** Every removal that is not over, oldest first. */
  get pending(): readonly PendingRemoval[] {
    return [...this.#pending.values()];
  }

  /** Whether an instance is being removed. */
  has(id: string): boolean {
    return this.#pending.has(id);
  }

  /**
   * Stops an instance and removes what is left of it. The removal goes on, and is tried again,
   * after this resolves.
   *
   * @param removal what to remove
   * @returns resolves when the instance does not run any more
   * @throws {EngineError} it could not be stopped; then nothing is tried again
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

  /** Stops and removes an instance, and tries both again until they are done. Never rejects. */
  async clear(removal: Removal): Promise<void> {
    if (this.has(removal.id)) return;
    this.#begin(removal);
    await this.#try(removal);
  }

  /**
   * Waits until no removal is pending.
   *
   * @param ms the longest wait in milliseconds
   * @returns whether none is left
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

  /** Tries nothing again. */
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
