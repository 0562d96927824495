/**
 * What to do about a failed attempt: the decision alone, without doing it.
 *
 * @module
 */
import type { FailureKind } from "../../view.ts";

/** A failed attempt to have a replica answer. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  /** Whether the replica ended its side in good order; a `reset` that was none. */
  readonly closed: boolean;

  /**
   * @param kind what happened to the connection
   * @param sent `no` when the replica cannot have seen any of the request
   * @param reused whether the connection had carried an earlier request: an idle connection may
   *   be closed by its server just when it is used again, which says nothing about the replica
   */
  constructor(
    readonly kind: FailureKind,
    readonly sent: "no" | "maybe",
    readonly reused: boolean,
    message: string,
    options?: ErrorOptions & { readonly closed?: boolean },
  ) {
    super(message, options);
    this.closed = options?.closed ?? false;
  }
}

/** What matters about the request that failed. */
export interface Attempted {
  readonly method: string;
  /** False once any of its body was read: it cannot be sent again then. */
  readonly bodyIntact: boolean;
}

/** RFC 9110, section 9.2.2. */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/**
 * Whether a request may be sent again, to another replica or on another connection: when the first
 * one cannot have seen it, or when seeing it twice does no harm.
 *
 * @param error the failed attempt
 * @param request what was attempted
 */
export function shouldRetry(
  error: Pick<UpstreamError, "kind" | "sent">,
  request: Attempted,
): boolean {
  if (!request.bodyIntact) return false;
  if (error.sent === "no") return true;
  return error.kind !== "timeout" && error.kind !== "malformed" && isIdempotent(request.method);
}

/**
 * Whether a request of this method may be sent twice.
 *
 * @param method the method, in capitals
 */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** Whether a failed attempt says anything about the replica. */
export function isEvidence(error: Pick<UpstreamError, "kind" | "reused">): boolean {
  return !(error.reused && error.kind === "reset");
}
