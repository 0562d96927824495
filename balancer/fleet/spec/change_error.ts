/**
 * Errors of changes of the fleet.
 *
 * @module
 */

/** Why a change was refused or undone. */
export type ChangeErrorKind =
  /** The balancer does not run the instances. */
  | "unsupported"
  /** No replica has that name. */
  | "unknown"
  /** The name is in use, or was given twice. */
  | "taken"
  /** The number of replicas, a weight or a field of the shape is out of its bounds. */
  | "out-of-bounds"
  /** The new replicas did not become ready and were removed again. */
  | "not-ready"
  /** The change could not be saved and was not made. */
  | "not-saved"
  /** The plan was applied, expired, or never existed. */
  | "unknown-plan"
  /** The fleet changed since the plan was made. */
  | "stale";

/** A change that was not made. Nothing of it remains. */
export class ChangeError extends Error {
  override readonly name = "ChangeError";

  /**
   * @param kind the class of the error, for decisions
   * @param message the field, its bound and the value
   */
  constructor(readonly kind: ChangeErrorKind, message: string) {
    super(message);
  }
}
