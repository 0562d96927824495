/**
 * The origin of a request, as the browser states it: Fetch Metadata, and the fields Origin (RFC
 * 6454) and Host. Clients other than browsers send neither of the first two.
 *
 * @module
 */
import { isChange, type Scope } from "./scope.ts";
import { hostOf, isDotless, isFixedName } from "./host.ts";

/**
 * Whether a browser sent the request.
 *
 * @param headers the request's header fields
 */
export function isBrowser(headers: Headers): boolean {
  return headers.has("origin") || headers.has("sec-fetch-site");
}

/**
 * Whether a browser asks for the script of a service worker (Service Workers, section 4.3).
 *
 * @param headers the request's header fields
 */
export function isServiceWorker(headers: Headers): boolean {
  return headers.get("service-worker")?.trim().toLowerCase() === "script";
}

/**
 * Whether a browser sent the request from a page of another origin. A link from another site may
 * lead to pages and readable calls, because that site cannot see the answer.
 *
 * @param headers the request's header fields
 * @param scope the call's scope
 */
export function isCrossSite(headers: Headers, scope: Scope): boolean {
  if (scope === "public") return false;
  const site = headers.get("sec-fetch-site");
  if (site === "same-origin" || site === "none") return false;
  if (site !== null) return isChange(scope) || headers.get("sec-fetch-mode") !== "navigate";
  const origin = headers.get("origin");
  return origin !== null && URL.parse(origin)?.host !== headers.get("host");
}

/**
 * Whether the request came under a name that a stranger may have pointed here (DNS rebinding). To
 * the browser such pages have the same origin, and it sends no Fetch Metadata to such a name.
 * Changes carry Origin; reads do not, so reads are limited to the names of this machine.
 *
 * @param headers the request's header fields
 * @param scope the call's scope
 * @param hosts names that the operator allows, in lower case
 */
export function hasForeignHost(
  headers: Headers,
  scope: Scope,
  hosts: ReadonlySet<string>,
): boolean {
  const host = headers.get("host");
  if (scope === "read") return host !== null && !isKnown(host, hosts) && !isDotless(host);
  const origin = headers.get("origin");
  if (!isChange(scope) || origin === null) return false;
  const from = URL.parse(origin)?.host;
  return from === undefined || from !== host || !isKnown(from, hosts);
}

function isKnown(authority: string, hosts: ReadonlySet<string>): boolean {
  return isFixedName(authority) || hosts.has(hostOf(authority));
}
