/**
 * What every call goes through first: the guard, and the audit of what it lets through and what not.
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

/** What the server says of each request, beside the request itself. */
export interface Bindings {
  readonly caller: Caller;
}

/** What a gate is made of. */
interface GateOptions {
  readonly guard: Guard;
  readonly audit: Audit;
  /** Milliseconds, by any clock that goes on. */
  readonly now: () => number;
}

/** Lets calls through to whom their scope allows it. Before that nothing of a body is read. */
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

  /** What stands before a call. */
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
   * Answers a caller that proves that it knows a token.
   *
   * @param c the request
   * @param check makes the answer to the proof; undefined where it fits no token
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

/** Why a call failed, as it was answered. */
async function reasonOf(answer: Response): Promise<string | undefined> {
  if (answer.status < 400) return undefined;
  const { message } = await answer.clone().json();
  return String(message).replace(/^<Error> /, "");
}
