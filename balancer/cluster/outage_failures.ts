/**
 * Failures of calls to the shared store. An election of the swarm lasts up to 13 s, and each of many
 * calls fails in it: the log has one line for each kind of call until the store answers again.
 *
 * @module
 */
import type { FailureLog } from "../failures.ts";

/** Counts every failure, and logs the first one of each action. */
export class OutageFailures implements FailureLog {
  readonly #failures: FailureLog;
  readonly #failing = new Set<string>();

  /** @param failures the log and the counts */
  constructor(failures: FailureLog) {
    this.#failures = failures;
  }

  record(action: string, error: unknown): void {
    this.#failures.record(action, error, this.#failing.has(action));
    this.#failing.add(action);
  }

  /** The store has answered. */
  recovered(): void {
    this.#failing.clear();
  }
}
