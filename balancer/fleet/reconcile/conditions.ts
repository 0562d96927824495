/**
 * Callers that wait for the fleet to reach a state.
 *
 * @module
 */
import type { Member } from "../member/member.ts";

/**
 * Reports whether a wait is over; an error that it throws rejects the wait.
 *
 * @param members every member by name
 */
export type Condition = (members: ReadonlyMap<string, Member>) => boolean;

interface Waiter {
  readonly condition: Condition;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The pending waits. */
export class Conditions {
  readonly #waiters = new Set<Waiter>();

  /** Resolves once the condition holds; rejects with the error that it throws. */
  add(condition: Condition): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.add({ condition, resolve, reject });
    return promise;
  }

  /** Evaluates every condition and settles the waits that are over. */
  check(members: ReadonlyMap<string, Member>): void {
    for (const waiter of this.#waiters) {
      try {
        if (!waiter.condition(members)) continue;
        waiter.resolve();
      } catch (error) {
        waiter.reject(error);
      }
      this.#waiters.delete(waiter);
    }
  }
}
