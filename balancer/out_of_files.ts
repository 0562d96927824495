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
