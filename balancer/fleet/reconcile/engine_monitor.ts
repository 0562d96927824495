/**
 * Watches the engine, tracks whether it is reachable, and lists its instances whenever events may
 * have been missed.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { type Engine, EngineError, type EngineEvent, type Watch } from "../../engine/engine.ts";
import type { FailureLog } from "../../failures.ts";
import type { EngineListing } from "./roster.ts";
import type { Clock } from "../../clock.ts";

/** Dependencies of an {@linkcode EngineMonitor}. */
interface EngineMonitorOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Logger;
  readonly failures: FailureLog;
  /** Called for every exit. */
  readonly onExit: (exit: Extract<EngineEvent, { type: "exit" }>) => void;
  /** Called when the engine's own health check of an instance changes. */
  readonly onHealth: (health: Extract<EngineEvent, { type: "health" }>) => void;
  /** Called with the engine's instances each time the engine has become reachable. */
  readonly onListed: (listing: EngineListing) => void;
  /** Called when the engine has become unreachable. */
  readonly onDown: () => void;
}

/** Delay between attempts to reach the engine, in milliseconds. */
const RECALL_MS = 1000;

/** Watches an engine and reconnects while it is unreachable. */
export class EngineMonitor {
  readonly #options: EngineMonitorOptions;
  /**
   * When the engine became unreachable, an instant of the clock; undefined while it is reachable.
   */
  #awaySince: number | undefined;
  #closed = false;
  /** Whether the log has the failure of the present attempts. */
  #told = false;
  #watch: Watch | undefined;
  #reaching: Promise<void> | undefined;
  #cancelRecall: (() => void) | undefined;

  constructor(options: EngineMonitorOptions) {
    this.#options = options;
    this.#awaySince = options.clock.now();
  }

  /** False while the engine is unreachable. */
  get up(): boolean {
    return this.#awaySince === undefined;
  }

  /** Milliseconds since the engine became unreachable; 0 while it is reachable. */
  get awayMs(): number {
    return this.#awaySince === undefined ? 0 : this.#options.clock.now() - this.#awaySince;
  }

  /**
   * Lists the engine's instances, with a retry each second until the engine answers. Resolves after
   * the first attempt.
   */
  connect(): Promise<void> {
    this.#reaching ??= this.#call().finally(() => this.#reaching = undefined);
    return this.#reaching;
  }

  /** Records that the engine is unreachable, and schedules the next attempt. */
  markDown(error: EngineError): void {
    if (this.#closed) return;
    if (this.up) {
      this.#awaySince = this.#options.clock.now();
      this.#options.log.warn("engine away: {error}", { error: error.message });
      this.#options.onDown();
    }
    this.#cancelRecall?.();
    this.#cancelRecall = this.#options.clock.after(RECALL_MS, () => this.connect());
  }

  /** Ends the watch and the attempts. */
  close(): void {
    this.#closed = true;
    this.#cancelRecall?.();
    this.#watch?.close();
  }

  async #call(): Promise<void> {
    const { engine, clock, failures, onListed } = this.#options;
    try {
      // Watch first, list second: an exit in between is then seen twice rather than never.
      await this.#keepWatch();
      const askedAt = clock.now();
      const [running, remains] = await Promise.all([engine.list(), engine.remains()]);
      if (this.#closed) return;
      this.#cancelRecall?.();
      if (!this.up) this.#options.log.info("engine {kind} answers", { kind: engine.kind });
      this.#awaySince = undefined;
      this.#told = false;
      onListed({ running, remains, askedAt });
    } catch (error) {
      // The log has the loss of the engine; only its repetition is counted.
      failures.record("engine.list", error, this.#told);
      this.#told = true;
      this.markDown(asEngineError(error));
    }
  }

  async #keepWatch(): Promise<void> {
    if (this.#watch) return;
    const watch = await this.#options.engine.watch((event) => this.#onEvent(event));
    this.#watch = watch;
    if (this.#closed) watch.close();
  }

  #onEvent(event: EngineEvent): void {
    if (this.#closed) return;
    switch (event.type) {
      case "exit":
        return this.#options.onExit(event);
      case "health":
        return this.#options.onHealth(event);
      case "away":
        return this.markDown(event.error);
      case "back":
        this.connect();
    }
  }
}

function asEngineError(error: unknown): EngineError {
  return error instanceof EngineError
    ? error
    : new EngineError("failed", String(error), { cause: error });
}
