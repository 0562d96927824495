/**
 * The bench's clock and its waits.
 *
 * @module
 */

/** Milliseconds between two looks of {@linkcode eventually}. */
const LOOK_MS = 50;

/** Milliseconds since the epoch, with fractions. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * Lets time pass.
 *
 * @param ms milliseconds
 * @param signal ends the wait early
 * @throws the signal's reason
 */
export async function pass(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/**
 * Repeats a question until its answer is yes.
 *
 * @param question the question
 * @param ms longest time in milliseconds
 * @param signal ends it early with its reason
 * @returns whether the answer was yes in time
 */
export async function eventually(
  question: () => Promise<boolean>,
  ms: number,
  signal: AbortSignal,
): Promise<boolean> {
  for (const deadline = now() + ms; now() < deadline;) {
    if (await question()) return true;
    await pass(LOOK_MS, signal);
  }
  return false;
}
