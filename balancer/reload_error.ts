/**
 * The error of a reload that changed nothing.
 *
 * @module
 */

/** Why nothing was changed. */
export class ReloadError extends Error {
  override readonly name = "ReloadError";

  /**
   * @param kind whether there is no file, or the file has faults
   * @param faults each fault in a line
   */
  constructor(readonly kind: "no-file" | "faults", readonly faults: readonly string[]) {
    super(
      kind === "no-file"
        ? faults.join()
        : `the configuration file has faults, and nothing was changed: ${faults.join("\n")}`,
    );
  }
}
