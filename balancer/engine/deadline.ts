/**
 * Limits on waiting.
 *
 * @module
 */

/** Something took longer than it may. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";

  /** @param ms how long was waited, in milliseconds */
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

/**
 * Runs work that stops when told to, for a limited time.
 *
 * @param ms the limit in milliseconds
 * @param work given a signal that fires at the limit; it need not heed it
 * @returns what the work returns
 * @throws {DeadlineError} at the limit, even if the work goes on
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
 * Waits, or less long when a signal fires.
 *
 * @param ms milliseconds
 * @param signal ends the wait early, if there is one
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
 * Waits for something that never fails, or less long.
 *
 * @param promise never rejects
 * @param ms the longest wait in milliseconds
 */
export async function settledWithin(promise: Promise<unknown>, ms: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
