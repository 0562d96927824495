/**
 * Who may make which call: a decision about one request.
 *
 * @module
 */
import { isChange, type Scope } from "./scope.ts";
import type { Caller } from "./client_identity.ts";
import { type Credential, credentialOf, type TokenPair } from "./credential.ts";
import { hasForeignHost, isBrowser, isCrossSite, isServiceWorker } from "./request_origin.ts";
import * as refusals from "./refusals.ts";
import type { Refusal } from "./refusals.ts";

/** What may be changed without a token. */
export type Openness = "nothing" | "fleet" | "everything";

/** How calls are guarded. */
export interface GuardPolicy {
  /**
   * What any caller may change. `fleet`: replicas, the ring and the log's dials. `everything`: what
   * the replicas run as well, and drills.
   */
  readonly open: Openness;
  /** Which tokens there are. A caller that asks in time gets those in force. */
  readonly tokens: {
    /** Whether the operator set an admin token, rather than the balancer at its first start. */
    readonly admin: boolean;
    readonly read: boolean;
    current(): Promise<TokenPair>;
  };
  /** Addresses of replicas. Nothing is open to them. */
  readonly replicas: { has(address: string): boolean };
  /** Host names, in lower case, under which the API is used without a token. */
  readonly hosts: ReadonlySet<string>;
}

/** What was decided. */
export interface Verdict {
  /** Which token the caller showed, as far as it was looked at. */
  readonly credential: Credential;
  /** Undefined where the call may be made. */
  readonly refusal: Refusal | undefined;
}

/** Counts wrong tokens. */
interface FailureCount {
  waitMs(address: string, now: number): number;
  failed(address: string, now: number): void;
}

/** A proof that a caller knows one of the tokens, checked against those in force. */
export type ProofCheck<T> = (tokens: TokenPair) => Promise<T | undefined>;

/** Decides about requests, one by one. */
export class Guard {
  readonly #policy: GuardPolicy;
  readonly #failures: FailureCount;

  /**
   * @param policy how calls are guarded
   * @param failures counts wrong tokens
   */
  constructor(policy: GuardPolicy, failures: FailureCount) {
    this.#policy = policy;
    this.#failures = failures;
  }

  /**
   * Decides whether a call may be made.
   *
   * @param headers the request's header fields
   * @param scope what the call needs
   * @param caller who makes it
   * @param now milliseconds, by any clock that goes on
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
    // Before the token is looked at: either answer would help a guesser.
    const waitMs = this.#failures.waitMs(caller.address, now);
    if (waitMs > 0) return refused(refusals.limited(waitMs));
    return await this.#examine(token, scope, caller, now);
  }

  /**
   * Checks a caller's proof that it knows a token. A wrong one counts as a wrong token.
   *
   * @param check answers the proof; undefined where it fits no token
   * @param caller who makes the call
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

  /** What no token makes up for. */
  #outOfHand(headers: Headers, scope: Scope, caller: Caller): Refusal | undefined {
    if (isServiceWorker(headers)) return refusals.SERVICE_WORKER;
    if (isCrossSite(headers, scope)) return refusals.crossSite(scope);
    return isChange(scope) && this.#isReplica(caller) ? refusals.FROM_REPLICA : undefined;
  }

  /** Whether the caller has to show a token. */
  #asks(headers: Headers, scope: Scope, caller: Caller): boolean {
    if (this.#isReplica(caller)) return true;
    const { open, tokens } = this.#policy;
    // The service's own pages are of the shared port's origin: a browser cannot tell them from ours.
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

  /** A trusted proxy may be one of them, too: its word does not count here. */
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
