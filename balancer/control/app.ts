/**
 * The control API as a Hono app: the textbook's calls, and our own under `/_lb/`.
 *
 * @module
 */
import { STATUS_CODE } from "@std/http/status";
import { type Context, Hono } from "hono";
import type { FailureLog } from "../failures.ts";
import { MembershipError, type MembershipErrorKind } from "../fleet/membership.ts";
import { failureBody } from "../reply.ts";
import { BodyError, readBody } from "./body.ts";
import { type GuardPolicy, refuse } from "./guard.ts";
import { type Change, parseChange, RequestError } from "./requests.ts";

/** What the control API acts on. */
export interface ControlOptions {
  readonly membership: {
    names(): string[];
    add(n: number, hostnames: readonly string[]): Promise<string[]>;
    remove(n: number, hostnames: readonly string[]): Promise<string[]>;
  };
  /** The whole state, as `GET /_lb/status` answers it. */
  readonly status: () => { readonly ready: number; readonly desired: number };
  readonly guard: GuardPolicy;
  readonly failures: FailureLog;
  /** Milliseconds that a client may take to send the body of a call. */
  readonly bodyTimeoutMs: number;
}

/** Longest body of a call, in bytes. */
const MAX_BODY_BYTES = 64 * 1024;

const STATUS_OF: Readonly<Record<MembershipErrorKind, 400 | 404 | 409 | 503>> = {
  "unsupported": STATUS_CODE.Conflict,
  "unknown": STATUS_CODE.NotFound,
  "taken": STATUS_CODE.Conflict,
  "out-of-bounds": STATUS_CODE.BadRequest,
  "not-ready": STATUS_CODE.ServiceUnavailable,
};

/**
 * Makes the control API.
 *
 * @param options what it acts on
 */
export function createControlApp(options: ControlOptions): Hono {
  const { membership, status } = options;
  const app = new Hono();
  app.get("/rep", (c) => c.json(replicas(membership.names())));
  app.post("/add", guarded(options), changing(options, membership.add.bind(membership)));
  app.delete(
    "/rm",
    guarded(options),
    changing(options, membership.remove.bind(membership)),
  );
  app.get("/_lb/status", (c) => c.json(status()));
  app.get("/_lb/healthz", (c) => {
    const { ready, desired } = status();
    return c.json({ status: "ok", ready, desired });
  });
  app.notFound((c) => c.json(failureBody(unknownCall(c)), STATUS_CODE.NotFound));
  app.onError((error, c) => answerError(error, c, options.failures));
  return app;
}

function replicas(names: readonly string[]): object {
  return { message: { N: names.length, replicas: names }, status: "successful" };
}

function guarded({ guard }: ControlOptions) {
  return async (c: Context, next: () => Promise<void>): Promise<Response | void> => {
    const refusal = refuse(c.req.raw.headers, guard);
    if (!refusal) return await next();
    if (refusal.status === STATUS_CODE.Unauthorized) c.header("www-authenticate", "Bearer");
    return c.json(failureBody(refusal.message), refusal.status);
  };
}

function changing(
  { bodyTimeoutMs }: ControlOptions,
  change: (n: number, hostnames: readonly string[]) => Promise<string[]>,
) {
  return async (c: Context): Promise<Response> => {
    const bounds = { maxBytes: MAX_BODY_BYTES, timeoutMs: bodyTimeoutMs };
    const text = await readBody(c.req.raw, bounds);
    const { n, hostnames }: Change = parseChange(text);
    return c.json(replicas(await change(n, hostnames)));
  };
}

function unknownCall({ req }: Context): string {
  return `there is no ${req.method} ${req.path}; there are GET /_lb/status and GET /_lb/healthz`;
}

function answerError(error: Error, c: Context, failures: FailureLog): Response {
  if (error instanceof RequestError) {
    return c.json(failureBody(error.message), STATUS_CODE.BadRequest);
  }
  if (error instanceof BodyError) {
    const { ContentTooLarge, RequestTimeout } = STATUS_CODE;
    const status = error.kind === "too-large" ? ContentTooLarge : RequestTimeout;
    return c.json(failureBody(error.message), status);
  }
  if (error instanceof MembershipError) {
    const status = STATUS_OF[error.kind];
    if (status === STATUS_CODE.ServiceUnavailable) c.header("retry-after", "1");
    return c.json(failureBody(error.message), status);
  }
  failures.record("control.request", error);
  return c.json(
    failureBody("the balancer failed; its log says more"),
    STATUS_CODE.InternalServerError,
  );
}
