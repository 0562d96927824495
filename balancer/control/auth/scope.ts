/**
 * The scopes of calls.
 *
 * @module
 */

/**
 * The permission that a call needs.
 *
 * - `public`: any caller that reaches the port
 * - `open`: the same, but no page in a browser on the port that the service shares
 * - `read`: callers that may read
 * - `admin`: callers that may change the fleet, or allocate memory that is kept
 * - `execute`: callers that may run code or kill; always needs the admin token
 */
export type Scope = "public" | "open" | "read" | "admin" | "execute";

/**
 * Whether calls of a scope change something.
 *
 * @param scope the call's scope
 */
export function isChange(scope: Scope): boolean {
  return scope === "admin" || scope === "execute";
}
