/**
 * The one failure that is always the balancer's own, wherever it shows: no file can be opened. It
 * says nothing about whoever was to be connected to, asked or started.
 *
 * @module
 */

/** Of this process (EMFILE), or of the whole machine (ENFILE). */
const CODES: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE"]);

/**
 * Whether something failed because no more files can be opened.
 *
 * @param error what was thrown, or an error that has it as its cause
 */
export function isOutOfFiles(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return "code" in error && CODES.has(error.code) || isOutOfFiles(error.cause);
}

/**
 * Keeps the thread alive where a library leaves a failure for want of files to no one: that says
 * nothing about the state of the balancer. Any other unhandled rejection ends the thread as before.
 *
 * @param record logs and counts such a failure
 * @returns ends the watch
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
