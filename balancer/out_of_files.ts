/**
 * Exhausted file descriptors are always the balancer's own failure: the error says nothing about
 * the replica or engine that was connected to, called or started.
 *
 * @module
 */

/** The limit of this process (EMFILE), or of the whole machine (ENFILE). */
const CODES: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE"]);

/**
 * Whether an error means that no more files can be opened.
 *
 * @param error the thrown value, or an error that has it as its cause
 */
export function isOutOfFiles(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return "code" in error && CODES.has(error.code) || isOutOfFiles(error.cause);
}

/**
 * Keeps the thread alive if a library leaves such an error unhandled, because the error says
 * nothing about the balancer's state. Any other unhandled rejection still ends the thread.
 *
 * @param record logs and counts such a failure
 * @returns removes the handler
 */
export function surviveOutOfFiles(record: (error: unknown) => void): () => void {
  const onRejection = (event: PromiseRejectionEvent) => {
    if (!isOutOfFiles(event.reason)) return;
    event.preventDefault();
    record(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  return () => globalThis.removeEventListener("unhandledrejection", onRejection);
}
