/**
 * Authorization of one request.
 *
 * @module
 */
import { isChange, type Scope } from "./scope.ts";
import type { Caller } from "./client_identity.ts";
import { type Credential, credentialOf, type TokenPair } from "./credential.ts";
import { hasForeignHost, isBrowser, isCrossSite, isServiceWorker } from "./request_origin.ts";
import * as refusals from "./refusals.ts";
import type { Refusal } from "./refusals.ts";

/** The changes that need no token. */
export type Openness = "nothing" | "fleet" | "everything";

/** The authorization policy. */
export interface GuardPolicy {
  /**
   * The changes that need no token. `fleet`: replicas, the ring and the log settings. `everything`:
   * the replicas' template and drills as well.
   */
  readonly open: Openness;
  /**
   * The tokens that are set. They are read for each request, so that a replaced token counts at
   * once.
   */
  readonly tokens: {
    /** Whether the operator set the admin token; false if the balancer generated it. */
    readonly admin: boolean;
    readonly read: boolean;
    current(): Promise<TokenPair>;
  };
  /** Addresses of replicas. Calls from these are never open. */
  readonly replicas: { has(address: string): boolean };
  /** Host names, in lower case, under which the API may be used without a token. */
  readonly hosts: ReadonlySet<string>;
}

/** The decision about a request. */
export interface Verdict {
  /** Which token the client sent; `none` if no token was checked. */
  readonly credential: Credential;
  /** Undefined if the call is allowed. */
  readonly refusal: Refusal | undefined;
}

/** Counts wrong tokens. */
interface FailureCount {
  waitMs(address: string, now: number): number;
  failed(address: string, now: number): void;
}

/** A proof that a caller knows one of the tokens, checked against those in force. */
export type ProofCheck<T> = (tokens: TokenPair) => Promise<T | undefined>;

/** Authorizes requests. */
export class Guard {
  readonly #policy: GuardPolicy;
  readonly #failures: FailureCount;

  /**
   * @param policy the authorization policy
   * @param failures counts wrong tokens
   */
  constructor(policy: GuardPolicy, failures: FailureCount) {
    this.#policy = policy;
    this.#failures = failures;
  }

  /**
   * Decides whether a call is allowed.
   *
   * @param headers the request's header fields
   * @param scope the call's scope
   * @param caller the caller's identity
   * @param now milliseconds, by any monotonic clock
   */
  async judge(headers: Headers, scope: Scope, caller: Caller, now: number): Promise<Verdict> {
    const refusal = this.#outOfHand(headers, scope, caller);
    if (refusal) return refused(refusal);
    if (!this.#asks(headers, scope, caller)) {
      const strange = hasForeignHost(headers, scope, this.#policy.hosts);
      return strange ? refused(refusals.foreignHost(headers.get("host") ?? "")) : ADMITTED;
    }
    const token = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
    if (token === undefined) return refused(await this.#withoutToken(scope, caller));
    // Checked before the token: the answer to a guess, right or wrong, would help an attacker.
    const waitMs = this.#failures.waitMs(caller.address, now);
    if (waitMs > 0) return refused(refusals.limited(waitMs));
    return await this.#examine(token, scope, caller, now);
  }

  /**
   * Checks a caller's proof that it knows a token. A wrong one counts as a wrong token.
   *
   * @param check answers the proof; undefined if it matches no token
   * @param caller the caller's identity
   * @param now milliseconds, by the same clock
   */
  async prove<T>(check: ProofCheck<T>, { address }: Caller, now: number): Promise<T | Refusal> {
    const waitMs = this.#failures.waitMs(address, now);
    if (waitMs > 0) return refusals.limited(waitMs);
    const answer = await check(await this.#policy.tokens.current());
    if (answer !== undefined) return answer;
    this.#failures.failed(address, now);
    return refusals.WRONG_PROOF;
  }

  /** Refusals that no token can lift. */
  #outOfHand(headers: Headers, scope: Scope, caller: Caller): Refusal | undefined {
    if (isServiceWorker(headers)) return refusals.SERVICE_WORKER;
    if (isCrossSite(headers, scope)) return refusals.crossSite(scope);
    return isChange(scope) && this.#isReplica(caller) ? refusals.FROM_REPLICA : undefined;
  }

  /** Whether the caller has to show a token. */
  #asks(headers: Headers, scope: Scope, caller: Caller): boolean {
    if (this.#isReplica(caller)) return true;
    const { open, tokens } = this.#policy;
    // The service's own pages share the origin of the shared port: a browser cannot tell them from
    // ours.
    const isPage = caller.shared && isBrowser(headers) && open !== "everything";
    switch (scope) {
      case "public":
        return false;
      case "open":
        return isPage;
      case "read":
        return isPage || tokens.read;
      case "admin":
        return isPage || !(open !== "nothing" || (caller.local && !tokens.admin));
      case "execute":
        return open !== "everything";
    }
  }

  /** A trusted proxy may be a replica too; its X-Forwarded-For does not count here. */
  #isReplica({ address, peer }: Caller): boolean {
    const { replicas } = this.#policy;
    return replicas.has(peer) || (address !== peer && replicas.has(address));
  }

  async #withoutToken(scope: Scope, { local }: Caller): Promise<Refusal> {
    const { open, tokens } = this.#policy;
    const closed = scope === "admin" && !tokens.admin && !local && open === "nothing";
    if (closed) return refusals.NOT_LOCAL;
    const { admin, read } = await tokens.current();
    const usable = admin !== "" || (read !== "" && !isChange(scope));
    return usable ? refusals.noToken(scope, tokens) : refusals.CLOSED;
  }

  async #examine(
    token: string,
    scope: Scope,
    { address }: Caller,
    now: number,
  ): Promise<Verdict> {
    const { tokens } = this.#policy;
    const current = await tokens.current();
    if (isChange(scope) && current.admin === "") return refused(refusals.CLOSED);
    const credential = credentialOf(token, current);
    if (credential === "none") {
      this.#failures.failed(address, now);
      return refused(refusals.wrongToken(scope, tokens));
    }
    const may = !isChange(scope) || credential === "admin-token";
    return { credential, refusal: may ? undefined : refusals.BEYOND_SCOPE };
  }
}

const ADMITTED: Verdict = { credential: "none", refusal: undefined };

function refused(refusal: Refusal): Verdict {
  return { credential: "none", refusal };
}
