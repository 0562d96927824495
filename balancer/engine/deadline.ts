/**
 * Bounded waits.
 *
 * @module
 */

/** An operation exceeded its deadline. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";

  /** @param ms the deadline, in milliseconds */
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

/**
 * Runs cancellable work with a deadline.
 *
 * @param ms the deadline, in milliseconds
 * @param work called with a signal that fires at the deadline; it may ignore the signal
 * @returns the result of the work
 * @throws {DeadlineError} at the deadline, even if the work continues
 */
export async function withDeadline<T>(
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new DeadlineError(ms);
    reject(error);
    controller.abort(error);
  }, ms);
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits for a time, or until a signal fires.
 *
 * @param ms milliseconds
 * @param signal ends the wait early
 */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal?.aborted) return Promise.resolve();
  const timer = setTimeout(resolve, ms);
  const wake = () => resolve();
  signal?.addEventListener("abort", wake);
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", wake);
  });
}

/**
 * Waits for a promise that never rejects, up to a time.
 *
 * @param promise never rejects
 * @param ms longest wait, in milliseconds
 */
export async function settledWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
