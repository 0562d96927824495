/**
 * Waits for conditions that only polling shows.
 *
 * @module
 */

const DEADLINE_MS = 180_000;
const INTERVAL_MS = 50;

/**
 * Polls until a condition holds; a check that fails counts as a condition that does not hold.
 *
 * @param what completes "waited in vain until ..."
 * @param isSo the condition
 * @param deadlineMs longest wait, in milliseconds
 * @throws {Error} the condition did not hold in time; its cause is the last failure
 */
export async function waitUntil(
  what: string,
  isSo: () => Promise<boolean>,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  let cause: unknown;
  for (;;) {
    try {
      if (await isSo()) return;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}
