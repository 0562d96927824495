/**
 * The bench's clock and its pauses.
 *
 * @module
 */

/** Milliseconds since the epoch, with fractions. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * Lets time pass.
 *
 * @param ms milliseconds
 * @param signal ends it early with its reason
 * @throws the signal's reason
 */
export async function pass(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const cut = () => reject(signal.reason);
  signal.addEventListener("abort", cut);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", cut);
  }
}

/**
 * Asks again and again until the answer is yes.
 *
 * @param question what to ask
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

const LOOK_MS = 50;
