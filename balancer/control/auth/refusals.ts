/**
 * The reasons for refusing a call, and the response to each.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import { isChange, type Scope } from "./scope.ts";

/** The reasons for refusing a call; refusals are counted by them. */
export const REFUSALS = [
  "cross-site",
  "foreign-host",
  "service-worker",
  "replica",
  "closed",
  "no-token",
  "wrong-token",
  "scope",
  "limited",
] as const;

/** One of {@linkcode REFUSALS}. */
export type RefusalReason = (typeof REFUSALS)[number];

/** A refused request's reason and response. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly status: 401 | 403 | 429;
  readonly message: string;
  /** Field `WWW-Authenticate` (RFC 6750, section 3). */
  readonly challenge?: string;
  /** Field `Retry-After`, in seconds. */
  readonly retryAfterS?: number;
}

/** Which tokens the operator set. */
export interface TokensSet {
  readonly admin: boolean;
  readonly read: boolean;
}

/** No token is set, so none can be sent. */
export const CLOSED: Refusal = {
  reason: "closed",
  status: STATUS_CODE.Forbidden,
  message: "this call needs a token, and the balancer has none; set LB_ADMIN_TOKEN and send it, " +
    "or set LB_ADMIN_OPEN=true",
};

/** Other machines reach the port, and the operator has set no token and not opened the port. */
export const NOT_LOCAL: Refusal = {
  reason: "closed",
  status: STATUS_CODE.Forbidden,
  message: "the balancer does not listen on loopback alone; set LB_ADMIN_TOKEN and send it, " +
    "or set LB_ADMIN_OPEN=true",
};

/** A read token was sent with a call that needs more. */
export const BEYOND_SCOPE: Refusal = {
  reason: "scope",
  status: STATUS_CODE.Forbidden,
  message: "LB_READ_TOKEN has the scope read; this call wants the scope admin: LB_ADMIN_TOKEN",
  challenge: challenge("admin", "insufficient_scope"),
};

/** A change from a network of replicas. */
export const FROM_REPLICA: Refusal = {
  reason: "replica",
  status: STATUS_CODE.Forbidden,
  message: "no call from the replicas' network may change the fleet; make it from another " +
    "network of the balancer",
};

/** A browser fetches a script that would answer a page's requests (Service Workers, 4.3). */
export const SERVICE_WORKER: Refusal = {
  reason: "service-worker",
  status: STATUS_CODE.Forbidden,
  message: "the API has no script for a service worker",
};

/** A proof that matches no token. */
export const WRONG_PROOF: Refusal = {
  reason: "wrong-token",
  status: STATUS_CODE.Unauthorized,
  message: "mac: fits no token of this balancer",
  challenge: challenge("read", "invalid_token"),
};

/**
 * A page of another site made the call.
 *
 * @param scope the call's scope
 */
export function crossSite(scope: Scope): Refusal {
  const verb = isChange(scope) ? "change the fleet" : "read this";
  return {
    reason: "cross-site",
    status: STATUS_CODE.Forbidden,
    message: `a page of another site may not ${verb}`,
  };
}

/**
 * Without a token the API may be used only under the machine's own names.
 *
 * @param host the request's field `Host`
 */
export function foreignHost(host: string): Refusal {
  return {
    reason: "foreign-host",
    status: STATUS_CODE.Forbidden,
    message: `Host: must be an address, localhost or a name in LB_ALLOWED_HOSTS for a call ` +
      `without a token; got ${JSON.stringify(host.slice(0, 256))}`,
  };
}

/**
 * The request has no token.
 *
 * @param scope the call's scope
 * @param tokens the tokens that the operator set
 */
export function noToken(scope: Scope, tokens: TokensSet): Refusal {
  return {
    reason: "no-token",
    status: STATUS_CODE.Unauthorized,
    message: `this call wants the header Authorization: Bearer <${nameOf(scope, tokens)}>` +
      (tokens.admin || (tokens.read && !isChange(scope)) ? "" : `; ${MADE}`),
    challenge: challenge(isChange(scope) ? "admin" : "read"),
  };
}

const MADE = "the balancer made that token at its first start and logs the file that holds it";

/**
 * The request's token matches none of the balancer's.
 *
 * @param scope the call's scope
 * @param tokens the tokens that the operator set
 */
export function wrongToken(scope: Scope, tokens: TokensSet): Refusal {
  const both = !isChange(scope) && tokens.admin && tokens.read;
  return {
    reason: "wrong-token",
    status: STATUS_CODE.Unauthorized,
    message: "the bearer token is " +
      (both ? "neither LB_READ_TOKEN nor LB_ADMIN_TOKEN" : `not ${nameOf(scope, tokens)}`),
    challenge: challenge(isChange(scope) ? "admin" : "read", "invalid_token"),
  };
}

/**
 * The address sent too many wrong tokens.
 *
 * @param waitMs milliseconds until the next try is allowed
 */
export function limited(waitMs: number): Refusal {
  const retryAfterS = Math.ceil(waitMs / 1000);
  return {
    reason: "limited",
    status: STATUS_CODE.TooManyRequests,
    message: `too many wrong tokens from this address; try again in ${retryAfterS} s`,
    retryAfterS,
  };
}

function nameOf(scope: Scope, { admin, read }: TokensSet): string {
  if (read && !isChange(scope)) return "LB_READ_TOKEN";
  return admin ? "LB_ADMIN_TOKEN" : "admin token";
}

/** A challenge without a token names no error (RFC 6750, section 3.1). */
function challenge(scope: "read" | "admin", error = ""): string {
  return `Bearer realm="ringkeeper", scope="${scope}"${error && `, error="${error}"`}`;
}
