/**
 * Decides about a failed attempt: retry, and evidence. Pure.
 *
 * @module
 */
import type { FailureKind } from "../../view.ts";

/** A failed attempt to get a replica's response. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  /** Whether the replica closed its side in order; false for a real reset. */
  readonly closed: boolean;

  /**
   * @param kind the kind of failure
   * @param sent `no` when the replica cannot have seen any of the request
   * @param reused whether the connection had carried an earlier request: a server may close an idle
   *   connection just when it is used again, which is no evidence against the replica
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

/** Facts about the failed request that decide about a retry. */
interface Attempted {
  readonly method: string;
  /** False once any of its body was read: no repetition is possible then. */
  readonly bodyIntact: boolean;
}

/** RFC 9110, section 9.2.2. */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/**
 * Whether a request may be sent again, to another replica or on another connection: when the first
 * replica cannot have seen it, or when the method is idempotent.
 *
 * @param error the failed attempt
 * @param request the request that was attempted
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

/** Whether a failed attempt is evidence against the replica. */
export function isEvidence(error: Pick<UpstreamError, "kind" | "reused">): boolean {
  return !(error.reused && error.kind === "reset");
}
