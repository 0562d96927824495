/**
 * A deadline for calls to the shared store, on the fleet's clock.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { SharedStore } from "./shared_store.ts";

/** A call did not end within its deadline. Its effect is unknown. */
class StoreTimeoutError extends Error {
  override readonly name = "StoreTimeoutError";
}

/**
 * Waits for a call, but not longer than its deadline.
 *
 * @param clock the clock of the deadline
 * @param ms the deadline, in milliseconds
 * @param who the party that has to answer, for the message
 * @param call the call; its result after the deadline is ignored
 * @throws {StoreTimeoutError} the deadline passed
 */
export async function bounded<T>(
  clock: Pick<Clock, "after">,
  ms: number,
  who: string,
  call: Promise<T>,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const error = () => new StoreTimeoutError(`${who} did not answer within ${Math.round(ms)} ms`);
  const cancel = clock.after(ms, () => late.reject(error()));
  try {
    return await Promise.race([call, late.promise]);
  } finally {
    cancel();
  }
}

/**
 * Returns a store whose calls end within a deadline.
 *
 * @param store the store
 * @param clock the clock of the deadline
 * @param ms the deadline of each call, in milliseconds
 */
export function boundedStore(
  store: SharedStore,
  clock: Pick<Clock, "after">,
  ms: number,
): SharedStore {
  const ask = <T>(call: Promise<T>) => bounded(clock, ms, "the shared store", call);
  return {
    load: () => ask(store.load()),
    save: (value, epoch) => ask(store.save(value, epoch)),
    watch: (onChange) => store.watch(onChange),
  };
}
