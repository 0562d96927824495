/**
 * Waiting that ends.
 *
 * @module
 */

/** Deadline of every wait of a test on this machine. */
export const DEADLINE_MS = 60_000;

/** Waits for an event, with a deadline. */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  ms: number = DEADLINE_MS,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
