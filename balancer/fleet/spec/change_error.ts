/**
 * Why a change of the fleet did not happen.
 *
 * @module
 */

/** Why a change was refused or undone. */
export type ChangeErrorKind =
  /** The engine's instances belong to somebody else. */
  | "unsupported"
  /** No replica has that name. */
  | "unknown"
  /** The name is in use, or was given twice. */
  | "taken"
  /** More replicas than there may be, or fewer than none; a weight or a shape that cannot be. */
  | "out-of-bounds"
  /** The new replicas did not become ready; none was kept. */
  | "not-ready"
  /** The change could not be saved, so it was not made. */
  | "not-saved"
  /** No such plan is kept: it was applied, is too old, or never was. */
  | "unknown-plan"
  /** The fleet is not any more what the plan was made for. */
  | "stale";

/** A change that did not happen. Nothing of it remains. */
export class ChangeError extends Error {
  override readonly name = "ChangeError";

  /**
   * @param kind what a caller decides by
   * @param message the field, its bound and the value
   */
  constructor(readonly kind: ChangeErrorKind, message: string) {
    super(message);
  }
}
