/**
 * The fleet's line to its engine: watches it, knows whether it can be reached, and lists what runs
 * whenever events may have been missed.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { type Engine, EngineError, type EngineEvent, type Watch } from "../../engine/engine.ts";
import type { FailureLog } from "../../failures.ts";
import type { EngineListing } from "./roster.ts";
import type { Clock } from "../../clock.ts";

/** What an {@linkcode EngineMonitor} is made of. */
export interface EngineMonitorOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Logger;
  readonly failures: FailureLog;
  /** Told of every exit. */
  readonly onExit: (exit: Extract<EngineEvent, { type: "exit" }>) => void;
  /** Told when the engine's own health check of an instance changed. */
  readonly onHealth: (health: Extract<EngineEvent, { type: "health" }>) => void;
  /** Given what runs, what does not, and when that was asked, each time the engine was reached anew. */
  readonly onListed: (listing: EngineListing) => void;
  /** Told when the engine went away. */
  readonly onDown: () => void;
}

/** How often an engine that is away is called. */
const RECALL_MS = 1000;

/** Watches an engine and reaches out for it again whenever it is away. */
export class EngineMonitor {
  readonly #options: EngineMonitorOptions;
  /** When the engine stopped answering, by the clock; undefined while it answers. */
  #awaySince: number | undefined;
  #closed = false;
  #watch: Watch | undefined;
  #reaching: Promise<void> | undefined;
  #cancelRecall: (() => void) | undefined;

  constructor(options: EngineMonitorOptions) {
    this.#options = options;
    this.#awaySince = options.clock.now();
  }

  /** False while the engine cannot be reached. */
  get up(): boolean {
    return this.#awaySince === undefined;
  }

  /** Milliseconds since the engine stopped answering; 0 while it answers. */
  get awayMs(): number {
    return this.#awaySince === undefined ? 0 : this.#options.clock.now() - this.#awaySince;
  }

  /** Calls the engine once, and again each second until it answers. Resolves after the first call. */
  connect(): Promise<void> {
    this.#reaching ??= this.#call().finally(() => this.#reaching = undefined);
    return this.#reaching;
  }

  /** Takes note that the engine could not be reached, and keeps calling it. */
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

  /** Ends the watch. */
  close(): void {
    this.#closed = true;
    this.#cancelRecall?.();
    this.#watch?.close();
  }

  async #call(): Promise<void> {
    const { engine, clock, failures, onListed } = this.#options;
    try {
      // Watch first, list second: an exit in between is seen twice rather than never.
      await this.#keepWatch();
      const askedAt = clock.now();
      const [running, remains] = await Promise.all([engine.list(), engine.remains()]);
      if (this.#closed) return;
      this.#cancelRecall?.();
      if (!this.up) this.#options.log.info("engine {kind} answers", { kind: engine.kind });
      this.#awaySince = undefined;
      onListed({ running, remains, askedAt });
    } catch (error) {
      failures.record("engine.list", error);
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
