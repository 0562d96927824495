/**
 * The one place where failed background work is logged and counted: nobody waits for a probe or an
 * engine call, so nobody would hear of it otherwise.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";

/** Takes note of failed background actions. */
export interface FailureLog {
  /**
   * @param action what was tried, dotted and of bounded variety: `engine.start`, `docker.events`
   * @param error what it failed with
   */
  record(action: string, error: unknown): void;
}

/** Logs each failure and counts it by action; `GET /_lb/status` shows the counts. */
export class Failures implements FailureLog {
  readonly #log: Logger;
  readonly #counts = new Map<string, number>();

  constructor(log: Logger) {
    this.#log = log;
  }

  record(action: string, error: unknown): void {
    this.#counts.set(action, (this.#counts.get(action) ?? 0) + 1);
    this.#log.warn("{action} failed: {error}", { action, error: errorMessage(error) });
  }

  /** Failures so far, by action. */
  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}

/**
 * The message of whatever was thrown.
 *
 * @param error an `Error` or any other thrown value
 */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
