/**
 * What a call needs of its caller.
 *
 * @module
 */

/**
 * Who may make a call.
 *
 * - `public`: any caller that reaches the port
 * - `open`: the same, but no page in a browser on the port that the service shares
 * - `read`: callers that may look on
 * - `admin`: callers that may change something, or take memory to keep
 * - `execute`: callers that may run code or kill; the admin token in any case
 */
export type Scope = "public" | "open" | "read" | "admin" | "execute";

/**
 * Whether calls of a scope change something.
 *
 * @param scope what the call needs
 */
export function isChange(scope: Scope): boolean {
  return scope === "admin" || scope === "execute";
}
