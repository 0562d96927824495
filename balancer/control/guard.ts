/**
 * Who may make which call: a decision about one request.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import type { Scope } from "./call.ts";
import type { Caller } from "./caller.ts";
import { type Credential, credentialOf, type TokenPair } from "./credential.ts";

/** How calls are guarded. */
export interface GuardPolicy {
  /** Whether anyone may change the fleet. */
  readonly open: boolean;
  /** Which tokens there are. Who asks for them in time gets those in force. */
  readonly tokens: {
    readonly admin: boolean;
    readonly read: boolean;
    current(): Promise<TokenPair>;
  };
}

/** Why calls are refused: what they are counted by. */
export const REFUSALS = [
  "cross-site",
  "closed",
  "no-token",
  "wrong-token",
  "scope",
  "limited",
] as const;

/** One of {@linkcode REFUSALS}. */
export type RefusalReason = (typeof REFUSALS)[number];

/** A request that was refused, and what it is told. */
export interface Refusal {
  readonly reason: RefusalReason;
  readonly status: 401 | 403 | 429;
  readonly message: string;
  /** Field `WWW-Authenticate` (RFC 6750, section 3). */
  readonly challenge?: string;
  /** Field `Retry-After`, in seconds. */
  readonly retryAfterS?: number;
}

/** What was decided. */
export interface Verdict {
  /** Which token the caller showed, as far as anybody looked. */
  readonly credential: Credential;
  /** Undefined where the call may be made. */
  readonly refusal: Refusal | undefined;
}

/** What keeps count of wrong tokens. */
export interface FailureCount {
  waitMs(address: string, now: number): number;
  failed(address: string, now: number): void;
}

/** Decides about requests, one by one. */
export class Guard {
  readonly #policy: GuardPolicy;
  readonly #failures: FailureCount;

  /**
   * @param policy how calls are guarded
   * @param failures keeps count of wrong tokens
   */
  constructor(policy: GuardPolicy, failures: FailureCount) {
    this.#policy = policy;
    this.#failures = failures;
  }

  /**
   * Decides whether a call may be made.
   *
   * @param headers the request's header fields
   * @param scope what the call wants
   * @param caller who makes it
   * @param now milliseconds, by any clock that goes on
   */
  async judge(headers: Headers, scope: Scope, caller: Caller, now: number): Promise<Verdict> {
    if (scope === "public") return ADMITTED;
    if (isCrossSite(headers, scope)) return refused(crossSite(scope));
    if (!this.#asks(scope, caller)) {
      return scope === "admin" && hasStrangeName(headers) ? refused(crossSite(scope)) : ADMITTED;
    }
    if (scope === "admin" && !this.#policy.tokens.admin) return refused(CLOSED);
    const token = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
    if (token === undefined) return refused(noToken(scope));
    // Before it is looked at: an answer, whichever, would tell a guesser what to try next.
    const waitMs = this.#failures.waitMs(caller.address, now);
    if (waitMs > 0) return refused(limited(waitMs));
    return await this.#examine(token, scope, caller, now);
  }

  /** Whether anybody has to show a token. */
  #asks(scope: "read" | "admin", { local }: Caller): boolean {
    const { open, tokens } = this.#policy;
    return scope === "read" ? tokens.read : !(open || (local && !tokens.admin));
  }

  async #examine(
    token: string,
    scope: "read" | "admin",
    { address }: Caller,
    now: number,
  ): Promise<Verdict> {
    const { tokens } = this.#policy;
    const credential = credentialOf(token, await tokens.current());
    if (credential === "none") {
      this.#failures.failed(address, now);
      return refused(wrongToken(scope, tokens));
    }
    const may = scope === "read" || credential === "admin-token";
    return { credential, refusal: may ? undefined : BEYOND_SCOPE };
  }
}

const ADMITTED: Verdict = { credential: "none", refusal: undefined };

function refused(refusal: Refusal): Verdict {
  return { credential: "none", refusal };
}

const CLOSED: Refusal = {
  reason: "closed",
  status: STATUS_CODE.Forbidden,
  message: "the balancer does not listen on loopback alone; set LB_ADMIN_TOKEN and send it, " +
    "or set LB_ADMIN_OPEN=true",
};

const BEYOND_SCOPE: Refusal = {
  reason: "scope",
  status: STATUS_CODE.Forbidden,
  message: "LB_READ_TOKEN has the scope read; this call wants the scope admin: LB_ADMIN_TOKEN",
  challenge: challenge("admin", "insufficient_scope"),
};

function crossSite(scope: "read" | "admin"): Refusal {
  const verb = scope === "admin" ? "change the fleet" : "read this";
  return {
    reason: "cross-site",
    status: STATUS_CODE.Forbidden,
    message: `a page of another site may not ${verb}`,
  };
}

function noToken(scope: "read" | "admin"): Refusal {
  const name = scope === "admin" ? "LB_ADMIN_TOKEN" : "LB_READ_TOKEN";
  return {
    reason: "no-token",
    status: STATUS_CODE.Unauthorized,
    message: `this call wants the header Authorization: Bearer <${name}>`,
    challenge: challenge(scope),
  };
}

function wrongToken(scope: "read" | "admin", { admin }: GuardPolicy["tokens"]): Refusal {
  const names = scope === "admin" ? "not LB_ADMIN_TOKEN" : "not LB_READ_TOKEN";
  const both = scope === "read" && admin;
  return {
    reason: "wrong-token",
    status: STATUS_CODE.Unauthorized,
    message: `the bearer token is ${both ? "neither LB_READ_TOKEN nor LB_ADMIN_TOKEN" : names}`,
    challenge: challenge(scope, "invalid_token"),
  };
}

function limited(waitMs: number): Refusal {
  const retryAfterS = Math.ceil(waitMs / 1000);
  return {
    reason: "limited",
    status: STATUS_CODE.TooManyRequests,
    message: `too many wrong tokens from this address; try again in ${retryAfterS} s`,
    retryAfterS,
  };
}

/** Without any token there is no error to name (RFC 6750, section 3.1). */
function challenge(scope: "read" | "admin", error = ""): string {
  return `Bearer realm="ringkeeper", scope="${scope}"${error && `, error="${error}"`}`;
}

/**
 * Whether a browser sent this from a page of another origin. Browsers state it themselves (Fetch
 * Metadata; the Origin field of RFC 6454); other clients send neither field. A link from another
 * site may lead to what can be read: that site does not see the answer.
 */
function isCrossSite(headers: Headers, scope: Scope): boolean {
  const site = headers.get("sec-fetch-site");
  if (site === "same-origin" || site === "none") return false;
  if (site !== null) return scope === "admin" || headers.get("sec-fetch-mode") !== "navigate";
  const origin = headers.get("origin");
  return origin !== null && URL.parse(origin)?.host !== headers.get("host");
}

/**
 * A name that some site made point here (DNS rebinding) is the same origin to the browser. It does
 * not know the token; but where none is asked for, only names that no stranger can own are believed.
 */
function hasStrangeName(headers: Headers): boolean {
  const origin = headers.get("origin");
  if (origin === null) return false;
  const host = URL.parse(origin)?.host;
  return host === undefined || host !== headers.get("host") || !isOwnName(host);
}

function isOwnName(host: string): boolean {
  const name = host.replace(/:\d+$/, "");
  return name === "localhost" || name.endsWith(".localhost") || name.startsWith("[") ||
    /^\d+\.\d+\.\d+\.\d+$/.test(name);
}

/**
 * Whether only this machine can reach an address.
 *
 * @param host what a port listens on
 */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
