/**
 * Waiting that ends.
 *
 * @module
 */

/** Deadline of every wait of a test on this machine. */
export const DEADLINE_MS = 120_000;

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

/** Time between two looks, in milliseconds. */
const LOOK_MS = 20;

/**
 * Waits until a condition holds.
 *
 * @param what the condition in words
 * @param isSo the condition
 * @throws {Error} it does not hold by the deadline
 */
export async function waitUntil(
  what: string,
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!await isSo()) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${DEADLINE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
