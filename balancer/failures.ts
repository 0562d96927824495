/**
 * Logs and counts failed background work. No caller waits for a probe or an engine call, so its
 * errors would otherwise be lost.
 *
 * @module
 */
import type { Logger } from "@logtape/logtape";

/** Records failed background actions. */
export interface FailureLog {
  /**
   * @param action dotted name of the action, of bounded variety: `engine.start`, `docker.events`
   * @param error the error that was thrown
   * @param known true if the log has the same fault already, and it lasts: it is only counted
   */
  record(action: string, error: unknown, known?: boolean): void;
}

/** Logs each failure and counts it by action; `GET /_lb/status` shows the counts. */
export class Failures implements FailureLog {
  readonly #log: Logger;
  readonly #counts = new Map<string, number>();

  constructor(log: Logger) {
    this.#log = log;
  }

  record(action: string, error: unknown, known = false): void {
    this.#counts.set(action, (this.#counts.get(action) ?? 0) + 1);
    if (known) return;
    this.#log.warn("{action} failed: {error}", { action, error: errorMessage(error) });
  }

  /** Failures so far, by action. */
  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}

/**
 * Returns the message of any thrown value.
 *
 * @param error an `Error` or any other thrown value
 */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
