/**
 * Callers that wait for the fleet to come to a state.
 *
 * @module
 */
import type { Member } from "../member/member.ts";

/**
 * Whether a wait is over; what it throws ends the wait too.
 *
 * @param members every replica, by name
 */
export type Condition = (members: ReadonlyMap<string, Member>) => boolean;

interface Waiter {
  readonly condition: Condition;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Everybody who waits. */
export class Conditions {
  readonly #waiters = new Set<Waiter>();

  /** Resolves when the condition holds, rejects with what it throws. */
  add(condition: Condition): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.add({ condition, resolve, reject });
    return promise;
  }

  /** Looks whether anybody's wait is over. */
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
