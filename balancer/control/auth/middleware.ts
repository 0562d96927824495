/**
 * Middleware of every call: authorizes the call, and audits changes and refusals.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import { failureBody } from "../../reply.ts";
import { type Audit, AuditEntry, beginEntry, type Deed, printable } from "./audit.ts";
import type { Caller } from "./client_identity.ts";
import type { Credential } from "./credential.ts";
import type { Guard, ProofCheck } from "./authorize.ts";
import { type Refusal, type RefusalReason, REFUSALS } from "./refusals.ts";
import { isChange, type Scope } from "./scope.ts";

/** The server's bindings of each request. */
export interface Bindings {
  readonly caller: Caller;
}

/** The dependencies of a gate. */
interface GateOptions {
  readonly guard: Guard;
  readonly audit: Audit;
  /** Milliseconds, by any monotonic clock. */
  readonly now: () => number;
}

/** Admits calls that their scope allows. Nothing of a body is read before that. */
export class Gate {
  readonly #options: GateOptions;
  readonly #refusals = new Map<RefusalReason, number>(REFUSALS.map((reason) => [reason, 0]));

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Calls that were refused so far, by reason. */
  get refusals(): ReadonlyMap<RefusalReason, number> {
    return this.#refusals;
  }

  /** Returns the middleware of a call. */
  before({ scope }: { readonly scope: Scope }): MiddlewareHandler {
    return async (c, next) => {
      const { guard, now, audit } = this.#options;
      const { caller } = c.env as Bindings;
      const { refusal, credential } = await guard.judge(c.req.raw.headers, scope, caller, now());
      const deed = deedOf(c, caller, credential);
      if (refusal) return this.#refuse(c, deed, refusal);
      if (!isChange(scope)) return await next();
      const entry = new AuditEntry(deed, audit);
      beginEntry(c, entry);
      await next();
      if (!entry.goesOn) entry.end({ outcome: c.res.status, error: await reasonOf(c.res) });
    };
  }

  /**
   * Answers a caller's proof that it knows a token.
   *
   * @param c the request
   * @param check answers the proof; undefined if it matches no token
   */
  async prove<T extends object>(c: Context, check: ProofCheck<T>): Promise<Response> {
    const { guard, now } = this.#options;
    const { caller } = c.env as Bindings;
    const answer = await guard.prove(check, caller, now());
    return "reason" in answer ? this.#refuse(c, deedOf(c, caller, "none"), answer) : c.json(answer);
  }

  #refuse(c: Context, deed: Deed, refusal: Refusal): Response {
    const { reason, status, message, challenge, retryAfterS } = refusal;
    const { audit, now } = this.#options;
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
    audit.refused(deed, refusal, now());
    if (challenge !== undefined) c.header("www-authenticate", challenge);
    if (retryAfterS !== undefined) c.header("retry-after", String(retryAfterS));
    return c.json(failureBody(message), status);
  }
}

function deedOf({ req }: Context, { address }: Caller, credential: Credential): Deed {
  return {
    call: `${req.method} ${printable(req.path)}`,
    client: address,
    credential,
    userAgent: printable(req.header("user-agent")),
    requestId: printable(req.header("x-request-id")),
  };
}

/** The error message of a failed call's answer. */
async function reasonOf(answer: Response): Promise<string | undefined> {
  if (answer.status < 400) return undefined;
  const { message } = await answer.clone().json();
  return String(message).replace(/^<Error> /, "");
}
